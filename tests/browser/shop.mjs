// A shop for the tests: the real binary over a folder that is gone afterwards, and the commands beside it.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TILL = process.env.TILL;
const shops = new Set();
process.on("exit", () => shops.forEach((shop) => shop.end()));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

export const PASSWORD = "walrus tusk 9 of ten";
/** Who buys in the demo, and who sells. */
export const BUYER = { name: "demo2", password: "demotest" };
export const SELLER = { name: "demo", password: "demotest" };

/** Every page and form that the binary's route tables list. */
export const routes = () => JSON.parse(execFileSync(TILL, ["print", "pages"], { encoding: "utf8" }));

export class Shop {
  constructor(folder, kind) {
    Object.assign(this, { folder, kind, data: join(folder, "data"), tokens: new Map() });
  }

  /** The shop of examples, or an empty one. */
  static async open(kind = "demo") {
    const shop = new Shop(mkdtempSync(join(tmpdir(), "till-browser-")), kind);
    shops.add(shop);
    await shop.start();
    return shop;
  }

  /** The shop of a folder that is there already, and stays. */
  static async over(data) {
    const shop = new Shop(data, "kept");
    shop.data = data;
    shops.add(shop);
    await shop.start();
    return shop;
  }

  async start() {
    const args = ["serve", "--listen", "127.0.0.1:0", "--data", this.data, ...(this.kind === "demo" ? ["--demo"] : [])];
    // Many pages a second come from one address here.
    const env = { ...process.env, TILL_LIMITS__ENABLED: "false", TILL_LOG__FORMAT: "text" };
    this.child = spawn(TILL, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.said = "";
    await new Promise((ready, fail) => {
      const hear = (bytes) => {
        this.said += bytes;
        const found = /till listens on (http:\S+)/.exec(this.said);
        if (found) { this.url = found[1]; ready(); }
      };
      this.child.stdout.on("data", hear);
      this.child.stderr.on("data", hear);
      this.child.on("exit", (code) => fail(new Error(`till ended with ${code}: ${this.said}`)));
    });
    this.owner ??= { name: "owner", password: /sign in as owner with (\S+)/.exec(this.said)?.[1] };
  }

  /** Ends the server, and leaves its folder. */
  async stop() {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.removeAllListeners("exit").once("exit", () => (this.child = null));
    const over = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await Promise.race([gone, over]);
  }

  end() {
    this.child?.removeAllListeners("exit");
    this.child?.kill("SIGKILL");
    if (this.kind !== "kept") rmSync(this.folder, { recursive: true, force: true });
    shops.delete(this);
  }

  /** The same shop once more: same rows, same keys, same sessions. */
  async twin() {
    await this.stop();
    const folder = mkdtempSync(join(tmpdir(), "till-browser-"));
    cpSync(this.data, join(folder, "data"), { recursive: true });
    const twin = new Shop(folder, this.kind);
    shops.add(twin);
    twin.owner = this.owner;
    await Promise.all([this.start(), twin.start()]);
    return twin;
  }

  /** A command beside the server. */
  till(args, input = "") {
    return execFileSync(TILL, [...args, "--data", this.data], { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  }

  sql(statement) {
    const { columns, rows } = JSON.parse(this.till(["sql", "--read-only", "--json", statement]));
    return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  }

  /** The one-time link that an empty shop prints. */
  async setupLink() {
    for (;;) {
      const found = /set up the shop\D*(http\S+)/.exec(this.said);
      if (found) return found[1];
      await once(this.child.stderr, "data");
    }
  }

  /** The path of the link in the newest mail of a kind to an address, as the operator can read it. */
  link(email, template) {
    const { mails } = JSON.parse(this.till(["mails", "list", "--json"]));
    const { id } = mails.find((mail) => mail.recipient === email && mail.template === template);
    return new URL(JSON.parse(this.till(["mails", "show", String(id), "--json"])).link).pathname;
  }

  /** Makes a user, who signs in with `PASSWORD`. */
  user(name, role) {
    this.till(["user", "create", "--email", `${name}@shop.test`, "--username", name, "--role", role, "--password-stdin"],
      `${PASSWORD}\n`);
    return { name, password: PASSWORD };
  }

  /** Sends JSON, signed in if by somebody; what came back. */
  async post(path, body, { name, password } = {}, method = "POST") {
    const said = JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(said) };
    if (name) headers.authorization = `Bearer ${await this.token(name, password)}`;
    const reply = await this.send(method, `/api/v1${path}`, { headers, body: said });
    if (reply.status >= 400) throw new Error(`${path}: ${reply.status} ${reply.body}`);
    return JSON.parse(reply.body);
  }

  /** What somebody shows to the API; a new one before it runs out. */
  async token(username, password) {
    const held = this.tokens.get(username);
    if (held && Date.now() < held.until) return held.token;
    const { access_token: token, expires_in: seconds } = await this.post("/auth/login", { username, password });
    this.tokens.set(username, { token, until: Date.now() + (seconds - 60) * 1000 });
    return token;
  }

  /** A new order of the demo's customer. */
  async order() {
    this.goods ??= this.sql("select sku from variants join stock on variant_id = id where available > 50 and price > 0 order by id limit 1")[0];
    return (await this.post("/orders", { items: [{ sku: this.goods.sku, quantity: 1 }] }, BUYER)).id;
  }

  /** New orders of theirs, the last one paid, and the mails that tell of them. */
  async orders(many) {
    let order;
    for (let at = 0; at < many; at += 1) order = await this.order();
    await this.post("/payments/manual", { order_id: order }, this.owner);
    while (this.sql("select count(*) as n from mails")[0].n < many);
  }

  /** The longest words that are taken: a customer's name, and a tag on an order of theirs, the newest there is. */
  async longest() {
    const [{ sku }] = this.sql("select sku from variants join stock on variant_id = id where available > 50 and price > 0 order by id limit 1");
    const who = { name: "long.name", password: PASSWORD };
    const name = "Wolfeschlegelsteinhausenbergerdorff".repeat(3).slice(0, 95);
    await this.post("/auth/register", { username: who.name, email: "long.name@shop.test", password: PASSWORD, name });
    const { id } = await this.post("/orders", { items: [{ sku, quantity: 1 }] }, who);
    await this.post(`/orders/${id}/tags`, { tags: ["x".repeat(50)] }, this.owner, "PUT");
  }

  /** An endpoint that nobody listens at, with a test that is on its way: the webhook desk has something to show. */
  async endpoint() {
    const made = { url: "http://127.0.0.1:1024/hooks/till", events: ["order.*"], description: "Bookkeeping" };
    const { id } = await this.post("/webhooks/endpoints", made, this.owner);
    await this.post(`/webhooks/endpoints/${id}/test`, {}, this.owner);
  }

  /** A request without a browser; the body only if it is asked for. */
  send(method, path, { headers = {}, body, read = true, agent } = {}) {
    return new Promise((done, fail) => {
      const call = request(new URL(path, this.url), { method, headers, agent }, (reply) => {
        const got = { status: reply.statusCode, headers: reply.headers, body: "" };
        if (!read) { call.destroy(); return done(got); }
        reply.setEncoding("utf8").on("data", (text) => (got.body += text)).on("end", () => done(got)).on("error", fail);
      });
      call.on("error", fail).end(body);
    });
  }

  /** A stream of server-sent events; `hear` is told of each. Gives back what ends it. */
  stream(path, headers, hear) {
    return new Promise((open, fail) => {
      const call = request(new URL(path, this.url), { headers }, (reply) => {
        if (reply.statusCode !== 200) return fail(new Error(`${path}: ${reply.statusCode}`));
        let text = "";
        reply.setEncoding("utf8").on("error", () => {}).on("data", (part) => {
          const whole = (text += part).split("\n\n");
          text = whole.pop();
          for (const message of whole) {
            const lines = message.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
            const [kind, data] = ["event", "data"].map((name) => lines.find((line) => line[1] === name)?.[2]);
            if (kind) hear({ kind, data });
          }
        });
        open(() => call.destroy());
      });
      call.on("error", fail).end();
    });
  }
}
