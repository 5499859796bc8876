// Hostile texts in every text field: each is shown as the text that it is, and none of them runs (WEB-04). They are sent
// without a browser; every reply is parsed for markup that is none of ours, and a part of the replies is really drawn.
import { randomBytes } from "node:crypto";
import { Caller } from "./caller.mjs";
import { discover, OUTSIDE } from "./crawl.mjs";
import { signIn, visitor } from "./look.mjs";
import { Reader } from "./markup.mjs";
import { Report } from "./report.mjs";
import { PASSWORD, SELLER, Shop } from "./shop.mjs";
import { RAN, TEXTS } from "./texts.mjs";
import { code } from "./walk.mjs";

/** How many texts RELIABILITY asks for. */
const MANY = 120;
/** One reply of so many is drawn. */
const DRAWN = 12;
/** So often another thing is looked for. */
const TRIES = 5;
/** Fields that would keep any text. */
const KEPT = /note|reason|(?<!user)name|description|title|tag|words|text|subject|body|question|comment|reference|method|category|city|line1/;
/** What is no answer to somebody who may do what they ask for; of somebody without a session 401 is one. */
const NO_ANSWER = [401, 403, 405, 413, 415, 429];

export async function polyglots(browser, shop) {
  const siege = new Siege(browser, shop);
  await siege.begin();
  const jobs = [...(await siege.forms()), ...siege.lists(), ...siege.roads(), ...(await siege.outside())];
  // Two at a time, as many as there are processors in the smallest machine that this runs on.
  const lanes = await Promise.all([0, 1].map(() => Lane.open(siege)));
  await Promise.all(lanes.map(async (lane) => { while (jobs.length) await jobs.shift()(lane); }));
  await siege.kept(lanes[0]);
  await Promise.all(lanes.map((lane) => lane.close()));
  return siege.end();
}

/** Who reads the replies, and who draws them. */
class Lane {
  static async open(siege) {
    const lane = Object.assign(new Lane(), { siege, where: "" });
    lane.owner = new Caller(siege.shop, siege.shop.owner);
    lane.reader = await Reader.open(siege.browser, RAN);
    lane.page = await visitor(siege.browser, siege.shop);
    await lane.page.context().exposeFunction(RAN, () => siege.report.fault(lane.at, "a text ran"));
    lane.page.on("dialog", (dialog) => dialog.dismiss());
    await lane.page.route("**/drawn", (route) => route.fulfill(lane.reply));
    await signIn(lane.page, siege.shop.owner);
    return lane;
  }

  /** Reads a reply, and says what of it is wrong; whoever asked is told what it says. */
  async read(reply, { texts = [], holds = false } = {}) {
    const { siege, where } = this;
    siege.count.replies += 1;
    if (!reply.headers["content-type"]?.startsWith("text/html")) return { title: "", forms: [], shown: 0 };
    const seen = await this.reader.read(reply.body, reply.address, { texts, holds });
    seen.strange.forEach((fault) => siege.report.fault(`${where}: ${told(reply, seen)}`, fault));
    if (reply.status >= 500) siege.report.fault(where, `answers ${told(reply, seen)}`);
    siege.count.shown += seen.shown;
    return seen;
  }

  /** Draws a reply under its own policy, at an address of the same place. */
  async draw(reply) {
    const headers = Object.fromEntries(["content-type", "content-security-policy"].map((name) => [name, reply.headers[name] ?? ""]));
    this.reply = { status: 200, headers, body: reply.body };
    await this.visit("/drawn");
  }

  async visit(address) {
    this.siege.count.drawn += 1;
    this.at = `${this.where}: ${address}`;
    const reply = await this.page.goto(address);
    this.at = `${this.where}: ${reply.status()} “${await this.page.title()}” at ${this.page.url().slice(0, 100)}`;
    // A search for nothing may refuse (400): only what ran or was blocked counts here.
    const faults = this.page.faults.splice(0).filter((fault) => !fault.includes("Failed to load"));
    this.siege.report.faultsAt(this.at, faults);
  }

  close() {
    return Promise.all([this.reader.close(), this.page.context().close()]);
  }
}

const told = (reply, seen) => `${reply.status} “${seen.title}” at ${new URL(reply.address).pathname}`;
const isRefused = (reply) => reply.status >= 400;

/** A form by where it leads and what it asks for; a row more or less of the same fields is the same form. */
const kindOf = ({ action, texts, hidden }) =>
  `${action.replace(/\d+/g, "#")} ${[...new Set([...texts, ...hidden].map((name) => name.replace(/\d+/g, "#")))].sort()}`;

/** Each field with another text, so that after all turns every field has had every text. */
const spread = (names, turn) => Object.fromEntries(names.map((name, nth) => [name, TEXTS[(turn + nth) % TEXTS.length]]));

/** All fields at once; then those together that would keep them, the others filled in well. */
function attempts({ texts, hidden }) {
  const asked = [...texts, ...hidden];
  const kept = texts.filter((name) => KEPT.test(name));
  const turns = (names, isKept) => TEXTS.map((_, turn) => ({ typed: spread(names, turn), isKept }));
  const isAll = kept.length === asked.length;
  return [...turns(asked, isAll), ...(kept.length && !isAll ? turns(kept, true) : [])];
}

/** One form, and how it is brought back where it has gone with what was done. */
class Trial {
  constructor(lane, { who, form, address }, nth) {
    Object.assign(this, { lane, siege: lane.siege, who, form, address, nth, turn: 0 });
  }

  async run() {
    const queue = attempts(this.form);
    while (queue.length) {
      const { typed, isKept } = queue.shift();
      const names = Object.keys(typed);
      this.lane.where = `${this.form.action} ${names.length > 4 ? `${names.length} fields` : names}`;
      const reply = await this.send(typed);
      if (!reply) return;
      // Together they were refused: each alone, then, may be taken.
      if (isKept && names.length > 1 && isRefused(reply)) queue.unshift(...names.map((name) => ({ typed: { [name]: typed[name] }, isKept })));
    }
  }

  /** Sends the form once; nothing if it cannot be had. */
  async send(typed) {
    const { lane, siege, who } = this;
    let reply;
    for (const isFirst of [true, false]) {
      const here = await this.hold();
      if (!here) return null;
      const body = new URLSearchParams(await lane.reader.fill(here, typed, siege.password));
      // A page that was refused stands as it stood: it is sent again as a new page would be, under a key of its own.
      body.set("idempotency_key", randomBytes(16).toString("hex"));
      body.set("form_token", who.token);
      reply = await who.send(here.action, body.toString(), this.address);
      siege.count.sent += 1;
      // A session has its end, and its proof too: what came after it is sent once more.
      if (!(isFirst && who.user && reply.status === 401)) break;
      await lane.read(reply);
      await who.signIn();
      this.held = null;
    }
    await this.judge(reply, Object.values(typed));
    return reply;
  }

  async judge(reply, texts) {
    const { lane, siege, who } = this;
    const seen = await lane.read(reply, { texts });
    const isOut = reply.status === 401 && !who.user;
    if (NO_ANSWER.includes(reply.status) && !isOut) siege.report.fault(lane.where, `answers ${told(reply, seen)}`);
    this.turn += 1;
    if (reply.status === 303) {
      const next = await who.get(reply.headers.location);
      await lane.read(next, { texts });
      this.held = null;
    } else if ((this.turn + this.nth) % DRAWN === 0) {
      await lane.draw(reply);
    }
    if (!isRefused(reply) || [409, 410, 412].includes(reply.status)) this.held = null;
  }

  /** The form on its page, opened anew if something has changed since. */
  async hold() {
    if (this.held) return this.held;
    for (const isFirst of [true, false]) {
      const next = isFirst ? this.address : await this.siege.another(this.address);
      if (!next) break;
      const page = await this.who.get(next);
      const seen = await this.lane.read(page, { holds: true });
      this.held = seen.forms.find((other) => kindOf(other) === kindOf(this.form));
      if (this.held) {
        Object.assign(this, { address: next, last: page });
        return this.held;
      }
      this.seen = told(page, seen);
      if ([401, 403, 429].includes(page.status) || page.status >= 500) break;
    }
    return this.again();
  }

  /** The form as it was when it was there: what it changes has gone, and its reply says so with what was typed. */
  async again() {
    const { lane, siege, last } = this;
    if (!last || /^(401|403|429|5)/.test(this.seen)) {
      siege.report.fault(lane.where, `the form is gone: ${this.seen}`);
      return null;
    }
    siege.count.late += 1;
    const { forms } = await lane.reader.read(last.body, last.address, { holds: true });
    this.held = forms.find((other) => kindOf(other) === kindOf(this.form));
    return this.held;
  }
}

/** What is sent where, and what was found. */
class Siege {
  constructor(browser, shop) {
    Object.assign(this, { browser, shop, report: new Report("polyglots"), rows: [], opened: [], goods: [] });
    this.count = { sent: 0, replies: 0, shown: 0, drawn: 0, late: 0 };
    this.password = PASSWORD;
  }

  async begin() {
    const { shop, report } = this;
    if (new Set(TEXTS).size !== MANY) report.fault("the texts", `${new Set(TEXTS).size} instead of ${MANY}`);
    this.owner = new Caller(shop, shop.owner);
    this.stranger = new Caller(shop);
    await this.seed();
    const page = await visitor(this.browser, shop);
    await signIn(page, shop.owner);
    this.addresses = (await discover(page, shop)).addresses;
    await page.context().close();
    this.deafen = await new Caller(shop, shop.owner).listen("/admin/orders", (message) => this.rows.push(message));
  }

  /** What came in by another road: products of a seller's and orders with such names and notes. */
  async seed() {
    const { shop } = this;
    for (const [at, text] of TEXTS.entries()) {
      const sku = `HOSTILE-${at}`;
      const goods = { name: text, description: text, sku, price: "1.00", quantity: 90 };
      const made = (name) => shop.post("/products", { ...goods, name, description: name }, SELLER);
      // What is no line of text is refused as a name.
      const { id } = await made(text).catch(() => made(`Goods ${at}`));
      await shop.post(`/products/${id}/approve`, {}, shop.owner);
      this.goods.push({ id, sku, note: text });
    }
    this.nth = 0;
    for (let at = 0; at < MANY; at += 10) await this.order();
  }

  /** A new order, with a hostile note where it is taken. */
  async order() {
    const place = (order) => this.shop.post("/orders", order, this.shop.owner);
    // Forms take goods away, or call them otherwise: then it is the next.
    for (const last = this.nth + this.goods.length; ;) {
      const { sku, note } = this.goods[(this.nth += 1) % this.goods.length];
      const items = [{ sku, quantity: 1 }];
      const placed = await place({ items, note }).catch(() => place({ items })).catch((cause) => { if (this.nth >= last) throw cause; });
      if (placed) return placed.id;
    }
  }

  /** The address of the same form, brought back or of another thing; nothing where that cannot be. */
  async another(address) {
    let cause;
    // The other lane may get at the same thing, or take the goods away: then it is the next.
    for (let tries = 0; tries < TRIES; tries += 1) {
      try { return await this.next(address); } catch (error) { cause = error; }
    }
    this.report.fault(address, `there is no other: ${cause.message.slice(0, 200)}`);
    return null;
  }

  async next(address) {
    const { shop } = this;
    const [, product] = /^\/admin\/products\/(\d+)\/reject/.exec(address) ?? [];
    if (product) { await shop.post(`/products/${product}/approve`, {}, shop.owner); return address; }
    const [, order, form] = /^\/admin\/orders\/(\d+)(.*)/.exec(address) ?? [];
    const isPayout = address.startsWith("/admin/commissions/payouts/new");
    if (!order && !isPayout) return null;
    const id = await this.order();
    if (!["", "/cancel"].includes(form)) await shop.post("/payments/manual", { order_id: id }, shop.owner);
    if (order) return address.replace(order, id);
    // A commission is due when its order has arrived.
    for (const status of ["shipped", "delivered"]) {
      const [{ version }] = shop.sql(`select version from orders where id = ${id}`);
      await shop.post(`/orders/${id}/status`, { status, version }, shop.owner, "PATCH");
    }
    return address;
  }

  /** The forms with text fields of the pages that the owner can get to, each once; those of one thing one after the other. */
  async forms() {
    const found = new Map();
    const lane = Object.assign(new Lane(), { siege: this, reader: await Reader.open(this.browser, RAN), where: "the pages" });
    for (const { address, row } of this.addresses) {
      const { forms } = await lane.read(await this.owner.get(address), { holds: true });
      for (const form of forms) {
        const kind = `${row.path} ${kindOf(form)}`;
        const isBetter = form.isMain && !found.get(kind)?.form.isMain;
        if (form.texts.length && (!found.has(kind) || isBetter)) found.set(kind, { form, address });
      }
    }
    await lane.reader.close();
    this.count.forms = found.size;
    return [...grouped([...found.values()], thing).values()].map((trials, nth) => async (lane) => {
      for (const [at, trial] of trials.entries()) await new Trial(lane, { ...trial, who: lane.owner }, nth + at).run();
    });
  }

  /** The filters of every list, by its address. */
  lists() {
    const lists = this.addresses.filter(({ row, address }) => !row.path.includes("{") && !address.includes("?"));
    this.count.lists = 0;
    return lists.map(({ address }, nth) => async (lane) => {
      lane.where = address;
      const names = filtersOf(address, (await lane.owner.get(address)).body);
      if (!names.length) return;
      this.count.lists += 1;
      for (const turn of TEXTS.keys()) {
        const typed = spread(names, turn);
        await this.ask(lane, `${address}?${new URLSearchParams(typed)}`, Object.values(typed), turn + nth);
      }
    });
  }

  /** One address, read; of some the page is opened. */
  async ask(lane, address, texts, turn) {
    this.count.sent += 1;
    const reply = await lane.owner.get(address);
    const seen = await lane.read(reply, { texts });
    if (NO_ANSWER.includes(reply.status)) this.report.fault(lane.where, `answers ${told(reply, seen)}`);
    if (turn % DRAWN === 0) await lane.visit(address);
  }

  /** Roads beside the fields: the path, the name of what is asked for, and what a browser calls itself. */
  roads() {
    const paths = async (lane) => {
      for (const [turn, text] of TEXTS.entries()) {
        lane.where = "a path";
        await this.ask(lane, `/admin/${encodeURIComponent(text)}`, [text], turn);
        lane.where = "the name of a filter";
        await this.ask(lane, `/admin/orders?${new URLSearchParams({ [text]: text, status: text })}`, [text], turn + 1);
      }
    };
    const browsers = async (lane) => {
      lane.where = "the name of a browser";
      const user = this.shop.user("drifter", "staff");
      const sendable = TEXTS.filter((text) => /^[\x20-\x7e]+$/.test(text));
      for (const text of sendable) await new Caller(this.shop, user, text).signIn();
      const [{ id }] = this.shop.sql(`select id from users where username = '${user.name}'`);
      for (const address of ["/admin/sessions", `/admin/users/${id}`, "/admin/audit"]) await this.ask(lane, address, sendable, 0);
      await lane.read(await new Caller(this.shop, user).get("/admin/profile"), { texts: sendable });
    };
    return [paths, browsers];
  }

  /** The forms of who is not signed in, or not quite: each in a browser of its own, which never had a session. */
  async outside() {
    const { shop } = this;
    const empty = await Shop.open("empty");
    this.opened.push(empty);
    const setup = [new Caller(empty), new URL(await empty.setupLink()).pathname];
    const enrolling = new Caller(shop, shop.user("enrolling", "staff"));
    await enrolling.craft("/admin/factor", {});
    const waiting = await this.waiting();
    const pages = [...OUTSIDE().map(([address]) => [new Caller(shop), address]), setup, [enrolling, "/admin/factor"], [waiting, "/admin/totp"]];
    const tried = new Set();
    const forms = pages.map(([who, address], nth) => async (lane) => {
      lane.where = address;
      const { forms } = await lane.read(await who.get(address), { holds: true });
      const asked = forms.filter((form) => form.texts.length && !tried.has(kindOf(form)));
      asked.forEach((form) => tried.add(kindOf(form)));
      this.count.forms += asked.length;
      const kind = who === setup[0] ? Setup : Trial;
      for (const form of asked) await new kind(lane, { who, form, address }, nth).run();
    });
    return [...forms, (lane) => this.resumed(lane)];
  }

  /** Somebody whose password was right, and whose code is waited for. */
  async waiting() {
    const user = this.shop.user("waiting", "staff");
    const who = new Caller(this.shop, user);
    await who.craft("/admin/factor", {});
    const [, seed] = /data-seed="([^"]*)"/.exec((await who.get("/admin/factor")).body);
    await who.craft("/admin/factor/confirm", { code: code(seed) });
    const guest = new Caller(this.shop);
    await guest.craft("/admin/login", { email: user.name, password: user.password });
    return guest;
  }

  /** What was typed is kept while somebody signs in, or proves who they are: as names and as values of fields. */
  async resumed(lane) {
    lane.where = "what is kept for after the sign-in";
    const user = this.shop.user("resuming", "staff");
    const kept = new URLSearchParams(TEXTS.map((text) => [text, text])).toString();
    for (const then of ["/admin/profile", `/admin/${encodeURIComponent(TEXTS[0])}`, TEXTS[4]]) {
      const who = new Caller(this.shop);
      const [email, password] = [user.name, user.password];
      const wrong = await who.craft("/admin/login", { then, kept, email, password: "not this one" });
      const right = await who.craft("/admin/login", { then, kept, email, password });
      const stale = Object.assign(who, { user, isIn: true });
      const again = await stale.craft("/admin/step-up", { then, kept, password: "not this one" });
      const proved = await stale.craft("/admin/step-up", { then, kept, password });
      for (const reply of [wrong, right, again, proved]) {
        this.count.sent += 1;
        const seen = await lane.read(reply, { texts: TEXTS });
        if (![200, 401].includes(reply.status)) this.report.fault(lane.where, `answers ${told(reply, seen)}`);
        await lane.draw(reply);
      }
    }
  }

  /** All pages once more, drawn: what was kept stands on them, in mails, and in rows that came by themselves. */
  async kept(lane) {
    lane.where = "what was kept";
    const { addresses } = await discover(lane.page, this.shop);
    lane.page.faults.splice(0);
    for (const { address } of addresses) {
      await lane.read(await lane.owner.get(address), { texts: TEXTS });
      await lane.visit(address);
    }
    for (const [, id] of (await lane.owner.get("/admin/mails")).body.matchAll(/"\/admin\/mails\/(\d+)"/g)) {
      const { body, address } = await lane.owner.get(`/admin/mails/${id}/preview`);
      const { strange, shown } = await lane.reader.read(body, address, { texts: TEXTS, words: "mail" });
      strange.forEach((fault) => this.report.fault(`mail ${id}`, fault));
      this.count.shown += shown;
    }
    await this.live(lane);
  }

  async live(lane) {
    let hostile = 0;
    this.deafen();
    for (const { kind, data } of this.rows) {
      if (!["row", "gone", "again"].includes(kind)) this.report.fault("live", `a message of its own: ${kind}`);
      if (kind !== "row") continue;
      const { strange, shown } = await lane.reader.row(JSON.parse(data).html, `${this.shop.url}/admin/orders`, TEXTS);
      strange.forEach((fault) => this.report.fault("a live row", fault));
      hostile += shown ? 1 : 0;
    }
    if (!hostile) this.report.fault("live", `none of ${this.rows.length} messages brought a hostile text`);
    this.count.rows = hostile;
  }

  end() {
    const { forms, lists, sent, replies, shown, drawn, late, rows } = this.count;
    this.opened.forEach((shop) => shop.end());
    return this.report.close(`${TEXTS.length} texts in ${forms} forms and ${lists} lists, ${sent} times sent, ${replies} ` +
      `replies read, ${shown} times shown, ${drawn} drawn, ${rows} live rows, ${late} to what was gone`);
  }
}

/** The first run: a shop that has been set up has no such page any more, so no password is good enough. */
class Setup extends Trial {
  send(typed) {
    return super.send({ ...typed, password: "short" });
  }
}

/** The thing that an address is about. */
const thing = ({ address }) => new URL(address, "http://shop.test").pathname.split("/").slice(0, 4).join("/");

function grouped(all, by) {
  const groups = new Map();
  for (const one of all) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return groups;
}

/** The fields of the filters of a list. */
function filtersOf(address, html) {
  const forms = [...html.matchAll(/<form ([^>]*)>([^]*?)<\/form>/g)].filter(([, head]) => head.includes(`action="${address}"`) && !head.includes("method="));
  const inputs = forms.flatMap(([, , fields]) => fields.match(/<input [^>]*>/g) ?? []).filter((input) => !/type="(hidden|checkbox|radio)"/.test(input));
  return [...new Set(inputs.flatMap((input) => /name="([^"]*)"/.exec(input)?.[1] ?? []))];
}
