// Somebody who reads and sends pages without a browser: cookies of their own, and a session or none.
import { Agent } from "node:http";

/** What stands in a hidden field. */
const hidden = (html, name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";

export class Caller {
  /** Of somebody's, who is signed in as soon as they ask for a page; or of nobody's. */
  constructor(shop, user = null, agent = "tests") {
    Object.assign(this, { shop, user, name: user?.name ?? "nobody", agent, jar: new Map() });
    this.wire = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  async #ask(method, path, more = {}, body) {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, "user-agent": this.agent, ...more };
    const reply = await this.shop.send(method, path, { headers, body, agent: this.wire });
    for (const line of reply.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) this.jar.set(name, value); else this.jar.delete(name);
    }
    // What is sent next is sent as by the page that was read last.
    this.token = hidden(reply.body, "form_token") || this.token;
    return { ...reply, address: new URL(path, this.shop.url).href };
  }

  /** Opens a session, in the place of the one that was open. */
  async signIn() {
    this.jar.clear();
    const { body: page } = await this.#ask("GET", "/admin/login");
    const { name: email, password } = this.user;
    const reply = await this.#post("/admin/login", page, { email, password });
    if (reply.status !== 303) throw new Error(`${email} is not let in: ${reply.status} ${/<main[^]*/.exec(reply.body)?.[0].replace(/<[^>]*>/g, " ")}`);
    this.isIn = true;
  }

  /** Sends a form of one's own making, with the token and the key of a page. */
  #post(path, page, fields) {
    const tokens = Object.fromEntries(["form_token", "idempotency_key"].map((name) => [name, hidden(page, name)]));
    return this.send(path, new URLSearchParams([...Object.entries(tokens), ...Object.entries(fields)]).toString());
  }

  /** A page; after a session has ended, in the next one. */
  async get(path) {
    if (this.user && !this.isIn) await this.signIn();
    const page = await this.#ask("GET", path);
    if (page.status !== 401 || !this.user) return page;
    await this.signIn();
    return this.#ask("GET", path);
  }

  /** Sends a form as a page of the shop would. */
  async send(path, body, from = "/admin/orders") {
    const headers = {
      "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body),
      "sec-fetch-site": "same-origin", referer: new URL(from, this.shop.url).href,
    };
    return this.#ask("POST", path, headers, body);
  }

  /** Sends what no form asks for, under the token of a page that has one. */
  async craft(path, fields) {
    const { body: page } = await this.get(this.user ? "/admin/profile" : "/admin/login");
    return this.#post(path, page, fields);
  }

  /** The stream of a page that is live: calls back with each message. */
  async listen(path, hear) {
    const { body } = await this.get(path);
    const from = /data-live="([^"]*)"/.exec(body)[1].replaceAll("&amp;", "&").replaceAll("&#38;", "&");
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    return this.shop.stream(from, { cookie }, hear);
  }
}
