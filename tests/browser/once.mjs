// Every form sent ten times at once has the effect of sending it once: two equal shops are sent the same form, the one
// once, the other ten times at once, and then hold the same number of rows in every table.
import { Agent } from "node:http";
import { discover, OUTSIDE } from "./crawl.mjs";
import { fill, formsOf, send } from "./forms.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";
import { routes } from "./shop.mjs";

const TIMES = 10;
/** What ends the session that the others need comes last. */
const LAST = /logout|password|sessions|totp|email/;
/** What a step of the order leaves nothing for. */
const FIRST = /\/refund$/;
/** What takes the thing itself away, or decides on it among others: its other forms come first. */
const GONE = /\/delete$|\/products\/bulk$/;

export async function once(browser, shop) {
  const report = new Report("once");
  const page = await visitor(browser, shop);
  await signIn(page, shop.owner);
  const forms = await collect(browser, page, shop);
  const session = await page.context().storageState();
  const twin = await shop.twin();
  // The index of the search is made of the other rows; deliveries are the worker's, and end when they end.
  const named = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like '%search%' and name not like 'deliver%'";
  const tables = shop.sql(named).map(({ name }) => name);
  const open = async (of, isIn = true) => {
    const context = await browser.newContext({ baseURL: of.url, storageState: isIn ? session : undefined });
    return { page: await context.newPage(), shop: of, agent: new Agent({ keepAlive: true, maxSockets: TIMES }) };
  };
  const sides = [await open(shop), await open(twin)];
  const strangers = [await open(shop, false), await open(twin, false)];
  let before = sides.map(({ shop }) => rows(shop, tables));
  for (const form of forms) {
    const replies = [];
    for (const [at, side] of (form.isOutside ? strangers : sides).entries()) {
      await side.page.goto(form.address);
      replies.push(await sendTimes(side, form, at === 0 ? 1 : TIMES));
    }
    const where = `${form.action} ${form.says} on ${form.address}`;
    judge(report, where, replies, LAST.test(form.action));
    const after = sides.map(({ shop }) => rows(shop, tables));
    for (const table of tables) {
      const [single, tenfold] = after.map((now, at) => now[table] - before[at][table]);
      if (single !== tenfold) report.fault(where, `${table}: once ${single} rows, ten times ${tenfold}`);
    }
    before = after;
  }
  twin.end();
  return report.close(`${forms.length} forms, ${TIMES} times each`);
}

/** Each form of each page once: the same action of another thing, or the frame's on every page, is the same form. */
async function collect(browser, page, shop) {
  const table = routes().filter((row) => row.method === "POST");
  const found = new Map();
  const { addresses } = await discover(page, shop);
  for (const address of addresses.map(({ address }) => address)) {
    await page.goto(address);
    for (const form of await formsOf(page)) {
      const row = table.find((row) => row.path === form.action) ??
        table.find((row) => new RegExp(`^${row.path.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(form.action));
      const kind = `${row?.path} ${form.says}`;
      if (!found.has(kind)) found.set(kind, { ...form, address });
    }
  }
  const stranger = await visitor(browser, shop);
  for (const [address] of OUTSIDE()) {
    await stranger.goto(address);
    for (const form of await formsOf(stranger)) {
      if (!found.has(`outside ${form.action}`)) found.set(`outside ${form.action}`, { ...form, address, isOutside: true });
    }
  }
  await stranger.context().close();
  const all = [...found.values()];
  const rank = ({ action }) => (LAST.test(action) ? 2 : GONE.test(action) ? 1 : FIRST.test(action) ? -1 : 0);
  return all.sort((one, other) => rank(one) - rank(other));
}

async function sendTimes({ page, shop, agent }, form, times) {
  const forms = await formsOf(page);
  // The stylesheet may have put the button elsewhere, another form may be gone: it is found by what it says.
  const here = forms.find((other) => other.action === form.action && other.says === form.says);
  if (!here) return [{ status: 0, body: "the form is not there" }];
  const body = await fill(page, here, form.isOutside ? { email: shop.owner.name, password: shop.owner.password } : {});
  return Promise.all(Array.from({ length: times }, () => send(page, shop, form.action, body, agent)));
}

function judge(report, where, [[single], tenfold], mayBeOut) {
  if (!(single.status >= 200 && single.status < 400) && !mayBeOut) report.fault(where, `does not go through: ${single.status}: ${said(single)}`);
  const bad = tenfold.filter((reply) => reply.status !== single.status && !(mayBeOut && [401, 403].includes(reply.status)));
  if (bad.length) report.fault(where, `once ${single.status}, ten times ${tenfold.map((reply) => reply.status)}`);
}

/** What the page says is wrong. */
const said = ({ body }) => (body.match(/data-focus[^]*?<\/ul>|class="err"[^]*?<\/p>/)?.[0] ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

/** How many rows each table holds. That somebody was turned away (`auth.denied`) is no effect of the form. */
function rows(shop, tables) {
  const of = (name) => (name === "audit" ? "audit where action <> 50" : `"${name}"`);
  const counts = tables.map((name) => `select '${name}' as name, count(*) as n from ${of(name)}`).join(" union all ");
  return Object.fromEntries(shop.sql(counts).map(({ name, n }) => [name, n]));
}
