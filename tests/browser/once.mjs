// Every form sent ten times at once has the effect of sending it once: two equal shops are sent the same form, the one
// once, the other ten times at once, and then hold the same number of rows in every table.
import { Agent } from "node:http";
import { Caller } from "./caller.mjs";
import { discover, OUTSIDE } from "./crawl.mjs";
import { fill, formsOf, send } from "./forms.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";
import { PASSWORD, routes, SELLER } from "./shop.mjs";

const TIMES = 10;
/** What ends sessions, or what the others need, comes last, signing out behind all; each has a session of its own. */
const LAST = [/sessions/, /address/, /password|totp|email|factor/, /logout/];
/** Forms that no page of this run draws, each with why it is not here: tests/it/admin_once.rs sends them ten times at once. */
const ELSEWHERE = new Map([
  ["/admin/totp", "waits for a code, which is good once"],
  ["/admin/step-up", "stands in the place of a page, five minutes after a sign-in: tests/it/admin_sign_in.rs"],
  ["/admin/factor/confirm", "asks for a code of the moment"],
  ["/admin/factor/codes", "only with a second factor, whose codes are good once"],
  ["/admin/factor/remove", "only with a second factor, whose codes are good once"],
  ["/admin/secrets/{id}", "is told to the one session that made it"],
  ["/admin/payments/inbox/{id}", "a message that could not be used"],
  ["/admin/payments/{id}/capture", "the worker hears of the money when it likes"],
  ["/admin/payments/{id}/void", "the worker hears of the money when it likes"],
  ["/admin/orders/{id}/payments", "the orders that are looked at owe nothing, and the worker cancels what is owed for long"],
  ["/admin/orders/{id}/invoice", "what is paid has its invoice already"],
  ["/admin/webhooks/{id}/on", "only after days of failures"],
  ["/admin/webhooks/deliveries/{id}/retry", "deliveries end when the worker ends them"],
  ["/pay/sandbox/{name}", "the worker hears of the money when it likes"],
]);
/** What another form of this run may have used up before its turn, each with the test that sends it ten times at once. */
const SPENT = new Map([
  [/^\/address\//, "its mail was asked for once more: tests/it/admin_once.rs"],
  [/^\/admin\/sessions\/\d+ /, "was ended with others: tests/it/admin_once.rs"],
]);
/** A session is opened anew before the proof that it began with is too old for what is dangerous. */
const PROOF_MS = 120_000;
/** What a step of the order leaves nothing for. */
const FIRST = /\/refund$/;
/** What decides on a thing, decides on it among others, or takes it away: its other forms come first. */
const GONE = [/\/(approve|reject|suspend|payments)$/, /\/products\/bulk$/, /\/delete$/];

export async function once(browser, shop) {
  const report = new Report("once");
  const page = await visitor(browser, shop);
  await signIn(page, shop.owner);
  const links = await prepare(shop);
  const forms = await collect(browser, page, shop, links);
  const named = elsewhere(report, forms);
  const session = await page.context().storageState();
  const twin = await shop.twin();
  const open = async (of, isIn = true) => {
    const context = await browser.newContext({ baseURL: of.url, storageState: isIn ? session : undefined });
    return { page: await context.newPage(), shop: of, user: { ...shop.owner }, agent: new Agent({ keepAlive: true, maxSockets: TIMES }) };
  };
  const sides = [await open(shop), await open(twin)];
  const strangers = [await open(shop, false), await open(twin, false)];
  await sendAll(report, forms, sides, strangers);
  twin.end();
  return report.close(`${forms.length} forms, ${TIMES} times each; ${named} are not drawn in this run, for the reasons that stand here`);
}

async function sendAll(report, forms, sides, strangers) {
  const [{ shop }] = sides;
  // The index of the search is made of the other rows; deliveries are the worker's, and end when they end.
  const named = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like '%search%' and name not like 'deliver%'";
  const tables = shop.sql(named).map(({ name }) => name);
  let before = sides.map(({ shop }) => rows(shop, tables));
  let signedIn = 0;
  for (const form of forms) {
    const isLast = LAST.some((one) => one.test(form.action));
    if (!form.isOutside && (isLast || Date.now() - signedIn > PROOF_MS)) {
      for (const { page, user } of sides) { await page.context().clearCookies(); await signIn(page, user); }
      signedIn = Date.now();
    }
    const replies = [];
    for (const [at, side] of (form.isOutside ? strangers : sides).entries()) {
      replies.push(await sendTimes(side, form, at === 0 ? 1 : TIMES));
    }
    const where = `${form.action} ${form.says} on ${form.address}`;
    judge(report, where, replies, isLast);
    const after = sides.map(({ shop }) => rows(shop, tables));
    for (const table of tables) {
      const [single, tenfold] = after.map((now, at) => now[table] - before[at][table]);
      if (single !== tenfold) report.fault(where, `${table}: once ${single} rows, ten times ${tenfold}`);
    }
    before = after;
  }
}

/** What some forms are about, before the shops part; and pages that no link leads to, good in both of them. */
async function prepare(shop) {
  const owner = new Caller(shop, shop.owner);
  const [forgetful, drowsy, sleepy] = ["forgetful", "drowsy", "sleepy"].map((name) => shop.user(name, "staff"));
  // The one for her link, the other for his page: a new invitation is the end of the former one.
  for (const name of ["mia", "lou"]) await owner.craft("/admin/users", { email: `${name}@shop.test`, username: name, role: "staff" });
  // The one's session is ended on their page, the other's, which is the newest, in the list of all.
  for (const who of [drowsy, sleepy]) await new Caller(shop, who).signIn();
  await owner.craft("/admin/profile/email", { email: "moved@shop.test" });
  await owner.craft("/admin/api-keys", { name: "Bookkeeping", days: "90", permission: "orders:read" });
  // They are told of nothing that the forms do.
  for (const at of ["a", "b"]) {
    const made = { url: `http://127.0.0.1:1024/hooks/${at}`, events: ["return.requested"], description: at };
    const { id } = await shop.post("/webhooks/endpoints", made, shop.owner);
    if (at === "a") await shop.post(`/webhooks/endpoints/${id}/pause`, {}, shop.owner);
  }
  await shop.post("/products", { name: "A lamp", sku: "LAMP-1", price: "1.00", quantity: 1 }, SELLER);
  const reset = shop.till(["user", "reset-link", `${forgetful.name}@shop.test`]);
  const path = (text) => new URL(/http\S+/.exec(text)[0]).pathname;
  const [{ id: user }] = shop.sql("select id from users where username = 'drowsy'");
  return {
    inside: [shop.link("moved@shop.test", "prove_address"), `/admin/users/${user}`],
    outside: [path(reset), path(/owner of the demo[^]*/.exec(shop.said)[0]), shop.link("mia@shop.test", "invitation")],
  };
}

/** Each form of each page once: the same action of another thing, or the frame's on every page, is the same form. */
async function collect(browser, page, shop, links) {
  const table = routes().filter((row) => row.method === "POST");
  const found = new Map();
  const take = (form, address, isOutside) => {
    const row = table.find((row) => row.path === form.action) ??
      table.find((row) => new RegExp(`^${row.path.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(form.action));
    const kind = isOutside ? `outside ${row?.path} ${form.says}` : `${row?.path} ${form.says}`;
    if (!found.has(kind)) found.set(kind, { ...form, address, path: row?.path, isOutside });
  };
  const { addresses } = await discover(page, shop);
  for (const address of [...addresses.map(({ address }) => address), ...links.inside]) {
    await page.goto(address);
    for (const form of await formsOf(page)) take(form, address, false);
  }
  const stranger = await visitor(browser, shop);
  for (const address of [...OUTSIDE().map(([address]) => address), ...links.outside]) {
    await stranger.goto(address);
    for (const form of await formsOf(stranger)) take(form, address, true);
  }
  await stranger.context().close();
  const late = [...GONE, ...LAST];
  const rank = ({ action }) => (FIRST.test(action) ? -1 : late.findIndex((one) => one.test(action)) + 1);
  return [...found.values()].sort((one, other) => rank(one) - rank(other));
}

/** Every form of the route table is sent here, or there is a reason why not; how many have one. */
function elsewhere(report, forms) {
  const paths = [...new Set(routes().filter(({ method }) => method === "POST").map(({ path }) => path))];
  const missing = paths.filter((path) => !forms.some((form) => form.path === path));
  for (const path of missing) {
    if (!ELSEWHERE.has(path)) report.fault("the route table", `no page of this run draws the form of ${path}, and no reason stands here`);
    else console.log(`  not sent ten times: ${path}: ${ELSEWHERE.get(path)}`);
  }
  for (const path of ELSEWHERE.keys()) if (!paths.includes(path)) report.fault("the reasons", `there is no ${path}`);
  return missing.length;
}

async function sendTimes(side, form, times) {
  const { page, shop, user, agent } = side;
  const reply = await page.goto(form.address);
  const forms = await formsOf(page);
  // The stylesheet may have put the button elsewhere, another form may be gone: it is found by what it says.
  const here = forms.find((other) => other.action === form.action && other.says === form.says);
  if (!here) {
    const told = `${reply.status()} “${await page.title()}” at ${page.url()}`;
    return [{ status: 0, body: "", told }];
  }
  const typed = form.isOutside && form.path === "/admin/login" ? { email: user.name, password: user.password } : { present_password: user.password };
  const body = await fill(page, here, typed);
  const replies = await Promise.all(Array.from({ length: times }, () => send(page, shop, form.action, body, agent)));
  if (form.path === "/admin/profile/password" && replies.some(({ status }) => status === 303)) user.password = PASSWORD;
  return replies;
}

function judge(report, where, [[single], tenfold], mayBeOut) {
  const gone = [single, ...tenfold].find(({ status }) => status === 0);
  const [, why] = [...SPENT].find(([one]) => one.test(where)) ?? [];
  if (gone && why) return console.log(`  not sent ten times: ${where}: ${why}`);
  if (gone) return report.fault(where, `the form is gone: ${gone.told}`);
  const isGood = single.status >= 200 && single.status < 400;
  if (!isGood) report.fault(where, `does not go through: ${single.status}: ${said(single)}`);
  const bad = tenfold.filter((reply) => reply.status !== single.status && !(mayBeOut && [401, 403].includes(reply.status)));
  if (bad.length) report.fault(where, `once ${single.status}, ten times ${tenfold.map((reply) => reply.status)}`);
}

/** What the page says is wrong. */
const said = ({ body }) => (body.match(/data-focus[^]*?<\/ul>|class="err"[^]*?<\/p>|<h1[^]*?<\/p>/)?.[0] ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

/** How many rows each table holds. That somebody was turned away (`auth.denied`) is no effect of the form. */
function rows(shop, tables) {
  const of = (name) => (name === "audit" ? "audit where action <> 50" : `"${name}"`);
  const counts = tables.map((name) => `select '${name}' as name, count(*) as n from ${of(name)}`).join(" union all ");
  return Object.fromEntries(shop.sql(counts).map(({ name, n }) => [name, n]));
}
