// Every page: what the route tables list is reached by following links, as a person would, and looked at in every look.
import { inspect, inspectFolded, LOOKS, signIn, visitor } from "./look.mjs";
import { eachPlace, endPlaces } from "./places.mjs";
import { Report } from "./report.mjs";
import { routes } from "./shop.mjs";

/** So many real things of a kind are looked at, and so many addresses of one set of filters. */
const EACH = 2;
const VIEWS = 1;
/** Pages behind a one-time link, which no page leads to: see `places`. */
const BY_LINK = /\{token\}|^\/admin\/(setup|totp|login|forgot)/;

const pattern = (path) => new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`);
const pages = () => routes().filter((row) => row.method === "GET").map((row) => ({ ...row, is: pattern(row.path) }));

/** Where a signed-in person can get by links from the pages that need no id. */
export async function discover(page, shop, report) {
  const table = pages();
  const seen = new Map(), taken = new Map(), looked = new Set(), files = [];
  const queue = table.filter((row) => !row.path.includes("{") && row.access !== "public").map((row) => row.path);
  while (queue.length) {
    const address = queue.shift();
    const url = new URL(address, shop.url);
    // The exact path before the pattern: /orders/new is not an order.
    const row = table.find((row) => row.path === url.pathname) ?? table.find((row) => row.is.test(url.pathname));
    if (!row || seen.has(address)) continue;
    const kind = `${row.path}?${[...url.searchParams.keys()].sort().join("&")}`;
    const most = row.path.includes("{") && !url.search ? EACH : VIEWS;
    if ((taken.get(kind) ?? 0) >= most) continue;
    taken.set(kind, (taken.get(kind) ?? 0) + 1);
    const { status, headers } = await look(page, shop, address);
    if (!headers["content-type"]?.startsWith("text/html")) {
      if (status >= 400) report?.fault(address, `answers ${status}`);
      if (status < 300) { files.push(address); seen.set(address, null); }
      if (status >= 300 && status < 400) { seen.set(address, null); queue.push(headers.location); }
      continue;
    }
    await page.goto(address);
    seen.set(address, row);
    const links = await page.$$eval("a[href]", (all) => all.map((a) => a.href));
    // What a page frames is looked at within it.
    for (const framed of await page.$$eval("iframe[src]", (all) => all.map((frame) => new URL(frame.src).pathname))) {
      const { status } = await look(page, shop, framed);
      if (status >= 400) report?.fault(address, `frames ${framed}: ${status}`);
      seen.set(framed, null);
    }
    for (const link of new Set(links)) {
      const to = new URL(link);
      if (to.origin !== shop.url || to.searchParams.has("done")) continue;
      const path = to.pathname + to.search;
      queue.push(path);
      const isPage = to.pathname.startsWith("/admin") || table.some((row) => row.is.test(to.pathname));
      if (!looked.has(to.pathname) && isPage) {
        looked.add(to.pathname);
        const reply = await look(page, shop, path);
        if (reply.status >= 400) report?.fault(address, `link to ${to.pathname}: ${reply.status}`);
      }
    }
  }
  for (const row of table) {
    if (row.access === "public" || BY_LINK.test(row.path)) continue;
    if (![...seen.keys()].some((address) => row.is.test(new URL(address, shop.url).pathname))) {
      report?.fault("the route table", `no link leads to ${row.path}`);
    }
  }
  return { addresses: [...seen].filter(([, row]) => row).map(([address, row]) => ({ address, row })), files };
}

async function look(page, shop, address) {
  const cookie = await cookies(page, shop);
  return shop.send("GET", address, { headers: { cookie }, read: false });
}

export async function cookies(page, shop) {
  const held = await page.context().cookies(shop.url);
  return held.map(({ name, value }) => `${name}=${value}`).join("; ");
}

/** Addresses for somebody without a session, with the status that each has. */
export const OUTSIDE = () => [
  ...pages().filter((row) => row.access === "public" && !row.path.includes("{")).map((row) => [row.path, null]),
  ["/admin/orders", 401],
];

/** Addresses that fail, each as a page. */
export const FAILING = [
  ["/admin/orders/999999999999", 404], ["/admin/orders/x", 404], ["/admin/nothing", 404], ["/admin/orders?status=lost", 400],
];

export async function crawl(browser, shop, looks = LOOKS) {
  const report = Object.assign(new Report("crawl"), { places: new Set() });
  const first = await visitor(browser, shop);
  await signIn(first, shop.owner);
  const { addresses, files } = await discover(first, shop, report);
  await first.context().close();
  const jobs = looks.map((look) => async () => {
    await inLook(browser, shop, report, look, addresses);
  });
  // Two at a time, as many as there are processors in the smallest machine that this runs on.
  await Promise.all([0, 1].map(async () => { while (jobs.length) await jobs.shift()(); }));
  await endPlaces(shop);
  return report.close(`${addresses.length} addresses and ${report.places.size} more pages in ${looks.length} looks, ${files.length} files`);
}

async function inLook(browser, shop, report, look, addresses) {
  const page = await visitor(browser, shop, { look });
  await signIn(page, shop.owner);
  const unfolded = new Set();
  for (const { address, row } of addresses) {
    await visit(page, report, look, address, 200);
    if (unfolded.has(row.path) || !look.unfolds) continue;
    unfolded.add(row.path);
    report.faultsAt(`${address} ${look.name}`, await inspectFolded(page));
  }
  for (const [address, status] of FAILING) await visit(page, report, look, address, status);
  await page.context().close();
  const guest = await visitor(browser, shop, { look });
  for (const [address, status] of OUTSIDE()) await visit(guest, report, look, address, status);
  await guest.context().close();
  const see = async (page, name) => {
    report.places.add(name);
    report.faultsAt(`${name} ${look.name}`, await inspect(page));
  };
  await eachPlace(browser, shop, look, see, (name, fault) => report.fault(`${name} ${look.name}`, fault));
}

async function visit(page, report, look, address, status) {
  const reply = await page.goto(address);
  const got = reply.status();
  if (status ? got !== status : got >= 500) report.fault(`${address} ${look.name}`, `answers ${got}`);
  report.faultsAt(`${address} ${look.name}`, await inspect(page));
}
