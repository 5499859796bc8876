// How long the server takes over each page of a shop with a million orders, while sixteen connections ask at once: every
// page by itself, then all of them in turn. Says what it measures, and fails where a figure is too large.
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { cookies, discover } from "./crawl.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";
import { PASSWORD, Shop } from "./shop.mjs";
import { enroll } from "./walk.mjs";

const MOST_MS = 50;
const CONNECTIONS = 16;
/** Seconds for each page by itself, and for all of them. */
const [ALONE, TOGETHER] = [1, 60];
/** So many real things of a kind are asked for in turn. */
const THINGS = 64;
/** It goes along the whole chain, as long as that is, one at a time: it has no figure here. */
const WALKS = "/admin/audit/verify";

export async function load(browser) {
  const report = new Report("load");
  const shop = await Shop.over(process.env.BROWSER_DATA);
  try {
    const page = await visitor(browser, shop);
    const kinds = await collect(page, shop);
    const cookie = await cookies(page, shop);
    await page.context().close();
    const drive = (all, seconds) => drives(shop, cookie, all, { seconds }, report);
    const alone = [];
    // What is not yet in memory is read once.
    const first = [];
    for (const kind of kinds) first.push(...(await drives(shop, cookie, [kind], { asks: kind.addresses.length }, report)).get(kind.name));
    for (const kind of kinds) alone.push((await drive([kind], ALONE)).get(kind.name));
    const together = await drive(kinds, TOGETHER);
    tell(report, kinds, alone, together);
    say("for the first time", first);
    return report.close(`${kinds.length} kinds of pages at ${CONNECTIONS} connections`);
  } finally {
    await shop.stop();
    shop.end();
  }
}

/** Someone who may do everything, made for this; then the pages that there are, and the views of the lists. */
async function collect(page, shop) {
  const name = `load${randomBytes(4).toString("hex")}`;
  shop.user(name, "admin");
  await signIn(page, { name, password: PASSWORD });
  page.inspect = async () => {};
  if (page.url().endsWith("/admin/factor")) await enroll(page);
  const { addresses } = await discover(page, shop);
  const found = new Map();
  for (const { address, row } of addresses) {
    if (row.path !== WALKS) found.set(named(address, row), { name: named(address, row), addresses: [address] });
  }
  for (const [name, addresses] of views(shop)) found.set(name, { name, addresses });
  // As of the journeys, some alone may be asked for: each part of a name, between bars.
  const asked = process.env.BROWSER_ONLY?.split("|");
  return [...found.values()].filter(({ name }) => asked?.some((part) => name.includes(part)) ?? true).sort((one, other) => (one.name < other.name ? -1 : 1));
}

const named = (address, row) => row.path + (/\?/.test(address) ? `?${[...new URLSearchParams(address.split("?")[1]).keys()].sort().join("&")}` : "");

/** The views that people ask for: each thing's own page, each filter alone and with others, each sort, words of each kind. */
function* views(shop) {
  const few = (statement) => shop.sql(`${statement} limit ${THINGS}`).map((row) => String(Object.values(row)[0]));
  const most = shop.sql("select max(id) as id from orders")[0].id;
  const spread = (table) => few(`select id from ${table} where id % max(1, (select max(id) from ${table}) / ${THINGS}) = 0`);
  for (const [path, table] of [["orders", "orders"], ["products", "products"], ["stock", "variants"], ["users", "users"], ["events", "events"]]) {
    yield [`/admin/${path}/{id}`, spread(table).map((id) => `/admin/${path}/${id}`)];
  }
  const numbers = few(`select ifnull(number, id + 1000) as number from orders where id > ${most} - 9999 and id % 99 = 0`);
  const names = few(`select name from customers where id % 97 = 0 and name is not null`);
  const skus = few("select sku from variants where id % 991 = 0");
  const customers = few("select customer_id from orders where id % 7919 = 0 and customer_id is not null");
  const at = (query) => Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}=${encodeURIComponent(value)}`));
  // Two views with the same fields are told apart by what they are called beside them.
  const each = (path, ...queries) => queries.flatMap(({ as, ...query }) => {
    const [name, values] = Object.entries(query).find(([, value]) => Array.isArray(value)) ?? [null, [null]];
    const kind = Object.entries(query).map(([key, value]) => (Array.isArray(value) ? key : `${key}=${value}`)).join("&");
    return [[`${path}?${kind}${as ? ` (${as})` : ""}`, values.map((value) => `${path}?${at(name ? { ...query, [name]: value } : query).join("&")}`)]];
  });
  const day = shop.sql("select date(max(placed_at) / 1000, 'unixepoch', '-1 day') as day from orders")[0].day;
  const states = ["pending", "processing", "shipped", "delivered", "canceled", "refunded"];
  yield* each("/admin/orders",
    ...states.map((status) => ({ status })), { sort: "oldest" }, { sort: "total", customer_id: customers },
    { q: numbers, as: "numbers" }, { q: names, as: "names" }, { q: ["product", "bench", "paper", "the", "a"], as: "words" },
    { q: ["xyzzy nothing"], as: "nothing" }, { q: skus, as: "SKUs" },
    { q: names.map((name) => name.slice(0, 4)), as: "beginnings" }, { q: ["xyzzy buye"], as: "a rare word and a beginning" },
    { sku: skus }, { customer_id: customers }, { tag: "gift" }, { from: day }, { to: day }, { min_total: "50" },
    { payment_status: "paid" }, { payment_status: "unpaid" }, { fulfilment_status: "unfulfilled" },
    { status: "pending", payment_status: "unpaid", min_total: "50" }, { status: "delivered", q: names },
    { status: "refunded", payment_status: "paid", fulfilment_status: "fulfilled" },
    { status: "shipped", from: day, max_total: "20" }, { payment_status: "paid", sort: "-total", customer_id: customers },
    { status: "canceled", tag: "gift", min_total: "10" }, { customer_id: customers, status: "delivered" },
    { payment_status: "unpaid", fulfilment_status: "fulfilled", min_total: "5000" });
  yield* each("/admin/products",
    { q: ["product", "bench", "blue", "the", "10"], as: "words" }, { q: ["prod", "ben"], as: "beginnings" }, { q: skus, as: "SKUs" }, { in_stock: "false" }, { in_stock: "true", sort: "price" },
    { min_price: "10", max_price: "12" }, { sort: "name" }, { sort: "-price" }, { status: "draft" }, { status: "approved", q: "a" });
  yield* each("/admin/stock", { low: "true" }, { q: skus, as: "SKUs" }, { q: ["product", "a"], as: "words" });
  yield* each("/admin/audit", { actor: "user" }, { actor: "guest" }, { action: "order.created" }, { action: "auth.denied" },
    { target: numbers.map((_, nth) => `order:${nth * 9973 + 1}`) }, { from: day }, { to: day }, { actor: "1", action: "order.created", from: day });
  yield* each("/admin/events", { stream: "orders" }, { type: "order.created" }, { type: "product.created" }, { stream: "inventory" });
  yield* each("/admin/users", { q: names, as: "names" }, { q: ["b", "buyer"], as: "beginnings" }, { role: "customer" }, { status: "active" },
    { status: "invited" }, { status: "suspended" }, { staff: "true" }, { staff: "false" }, { staff: "false", status: "suspended" });
  yield* each("/admin/payments/inbox", ...["received", "processed", "failed", "quarantined", "dead"].map((status) => ({ status })));
  yield* each("/admin/payments", { status: "captured" }, { status: "failed" });
}

/** Asks for pages on every connection for so long, or so often; how long each took, by its kind. */
async function drives(shop, cookie, kinds, { seconds = Infinity, asks = Infinity }, report) {
  const took = new Map(kinds.map(({ name }) => [name, []]));
  const until = performance.now() + seconds * 1000;
  let nth = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (nth < asks && performance.now() < until) {
      nth += 1;
      const kind = kinds[nth % kinds.length];
      const address = kind.addresses[Math.floor(nth / kinds.length) % kind.addresses.length];
      const began = performance.now();
      const status = await ask(shop, address, cookie, agent);
      took.get(kind.name).push(performance.now() - began);
      if (status !== 200) report.fault(address, `answers ${status}`);
    }
    agent.destroy();
  }));
  return took;
}

/** Asks as a browser does, packed, and throws away what comes. */
function ask(shop, path, cookie, agent) {
  return new Promise((done, fail) => {
    const headers = { cookie, accept: "text/html", "accept-encoding": "gzip, deflate, br, zstd" };
    request(new URL(path, shop.url), { headers, agent }, (reply) =>
      reply.on("error", fail).on("end", () => done(reply.statusCode)).resume()).on("error", fail).end();
  });
}

const at = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))];

function tell(report, kinds, alone, together) {
  const rows = kinds.map(({ name }, nth) => {
    const [own, mixed] = [alone[nth], together.get(name)].map((values) => values.sort((one, other) => one - other));
    for (const [values, how] of [[own, "by itself"], [mixed, "among the others"]]) {
      if (at(values, 0.99) > MOST_MS) report.fault(name, `p99 ${at(values, 0.99).toFixed(1)} ms ${how}`);
    }
    return { name, own, mixed };
  });
  rows.sort((one, other) => at(other.own, 0.99) - at(one.own, 0.99));
  for (const { name, own, mixed } of rows) {
    const told = [own, mixed].map((values) => [0.5, 0.99].map((share) => at(values, share).toFixed(1).padStart(7)).join(""));
    console.log(`  ${told[0]} ${String(own.length).padStart(6)} by itself ${told[1]} ${String(mixed.length).padStart(6)} among others  ${name}`);
  }
  const all = [...together.values()].flat();
  say(`all together, ${(all.length / TOGETHER).toFixed(0)} a second`, all);
}

function say(what, values) {
  values.sort((one, other) => one - other);
  console.log(`  ${what}: p50 ${at(values, 0.5).toFixed(1)} ms, p99 ${at(values, 0.99).toFixed(1)} ms`);
}
