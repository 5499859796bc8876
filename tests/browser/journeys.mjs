// What people do, with scripts and without: each journey in fresh browsers, held to what the pages and the rows say.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cookies } from "./crawl.mjs";
import { inspect, signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";
import { PASSWORD, Shop } from "./shop.mjs";

/** The journey that is walked wherever there is a browser. */
export const QUICK = "an order is canceled";

const journeys = [];
const journey = (name, walk) => journeys.push({ name, walk });

/** Follows a link or presses a button, and waits for the page after it. */
async function press(page, what) {
  const button = typeof what === "string" ? page.locator(what) : what;
  await Promise.all([page.waitForNavigation(), button.click()]);
}

/** The states of an order, in the order of their numbers in the file. */
const STATES = ["pending", "processing", "shipped", "delivered", "canceled", "refunded"];
const one = (shop, statement) => shop.sql(statement)[0];
const state = (shop, id) => STATES[one(shop, `select status from orders where id = ${id}`).status];

/** An order that nobody in another journey touches. */
function take(shop, status) {
  shop.taken ??= new Set();
  const rows = shop.sql(`select id, number from orders where status = ${STATES.indexOf(status)} order by id`);
  const found = rows.find((order) => !shop.taken.has(order.id));
  assert(found, `no ${status} order is left`);
  shop.taken.add(found.id);
  return found;
}

/** Waits until the server has heard that a session is over. */
async function ended(page, shop) {
  const cookie = await cookies(page, shop);
  while ((await shop.send("GET", "/admin/orders", { headers: { cookie } })).status !== 401);
}

journey("a wrong password is told, the right one leads to the orders", async ({ shop, open }) => {
  const page = await open();
  await page.goto("/admin/orders");
  await page.fill("#email", shop.owner.name);
  await page.fill("#password", "not this one");
  await press(page, "main form .main-act");
  assert.match(await page.locator("[role=alert]").innerText(), /wrong/);
  assert.equal(await page.inputValue("#email"), shop.owner.name);
  await page.inspect();
  await page.fill("#password", shop.owner.password);
  await press(page, "main form .main-act");
  assert.equal(new URL(page.url()).pathname, "/admin/orders");
  await page.inspect();
});

journey("an order is found by its customer's name, moved, and its time line read", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders?status=pending");
  const order = take(shop, "pending");
  const customer = one(shop, `select name from customers where id = (select customer_id from orders where id = ${order.id})`).name;
  if (scripts) {
    await page.keyboard.press("/");
    await page.keyboard.type(customer);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  } else {
    await page.fill("#q", customer);
    await press(page, ".filters button.vh-js");
  }
  const found = await page.locator("td.o-who bdi").allInnerTexts();
  assert(found.length > 0 && found.every((name) => name === customer), `${customer}: ${found}`);
  await page.inspect();
  await press(page, `tr[data-order="${order.id}"] a.open`);
  await press(page, "header .actions .main-act");
  assert.equal(state(shop, order.id), "processing");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.match(await page.locator(".time").innerText(), /processing/i);
  await page.inspect();
  await page.fill("#note", "The customer called.");
  await press(page, ".note-form button.btn");
  assert.match(await page.locator(".time").innerText(), /The customer called\./);
});

journey("an order is canceled with a reason, once it is asked", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  const order = take(shop, "pending");
  await page.goto(`/admin/orders/${order.id}`);
  await page.click("header details.menu summary");
  if (scripts) {
    await page.click("[data-dialog=cancel]");
    assert(await page.locator("dialog#cancel").isVisible());
    await page.keyboard.press("Escape");
    assert(!(await page.locator("dialog#cancel").isVisible()));
    await page.click("header details.menu summary");
    await page.click("[data-dialog=cancel]");
    await page.fill("dialog#cancel #reason", "changed their mind");
    await press(page, "dialog#cancel button.danger");
  } else {
    await press(page, "header a.danger");
    await page.inspect();
    await press(page, "form.ask a.btn");
    assert.equal(state(shop, order.id), "pending");
    await page.click("header details.menu summary");
    await press(page, "header a.danger");
    await page.fill("#reason", "changed their mind");
    await press(page, "form.ask button.danger");
  }
  assert.equal(state(shop, order.id), "canceled");
  assert.match(await page.locator(".time").innerText(), /changed their mind/);
  assert.equal(await page.locator("header .actions button").count(), 0);
  await page.inspect();
});

journey("two people change one order: the second sees both versions, and applies theirs again", async ({ shop, open, scripts }) => {
  const colleague = shop.user(`colleague${scripts ? 1 : 2}`, "staff");
  const order = take(shop, "pending");
  const [mine, theirs] = [await open(shop.owner), await open(colleague)];
  await mine.goto(`/admin/orders/${order.id}/cancel`);
  await mine.fill("#reason", "lost <in> the post");
  await theirs.goto(`/admin/orders/${order.id}`);
  await press(theirs, "header .actions .main-act");
  await press(mine, "form.ask button.danger");
  assert.equal(await mine.locator("[data-conflict]").count(), 1);
  assert.equal(state(shop, order.id), "processing");
  await mine.inspect();
  await press(mine, "main form .main-act");
  assert.equal(state(shop, order.id), "canceled");
  assert.match(await mine.locator(".time").innerText(), /lost <in> the post/);
});

journey("a session ends in the middle of a form: one signs in, and one button sends what was typed", async ({ shop, open, scripts }) => {
  const clerk = shop.user(`clerk${scripts ? 1 : 2}`, "staff");
  const order = take(shop, "pending");
  const [page, other] = [await open(clerk), await open(shop.owner)];
  const notes = async () => {
    await other.goto(`/admin/orders/${order.id}`);
    return (await other.locator(".time").innerText()).split('half a "thought" & more').length - 1;
  };
  await page.goto(`/admin/orders/${order.id}`);
  await page.fill("#note", "half a \"thought\" & more");
  shop.till(["user", "passwd", `${clerk.name}@shop.test`, "--password-stdin"], `${PASSWORD} and one\n`);
  await ended(page, shop);
  await press(page, ".note-form button.btn");
  assert.equal(await page.inputValue("#password"), "");
  await page.inspect();
  await page.fill("#email", clerk.name);
  await page.fill("#password", `${PASSWORD} and one`);
  await press(page, "main form .main-act");
  assert.equal(await notes(), 0, "nothing is sent by itself");
  await page.inspect();
  await press(page, "main form .main-act");
  assert.equal(await notes(), 1);
  assert.equal(new URL(page.url()).pathname, `/admin/orders/${order.id}`);
});

journey("a product gets another price, and its stock another count", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  const at = scripts ? 0 : 1;
  const { id, product_id: product } = shop.sql(`select v.id, v.product_id from variants v join stock s on s.variant_id = v.id
    join products p on p.id = v.product_id where p.seller_id is null order by v.id limit 1 offset ${at * 9}`)[0];
  await page.goto(`/admin/products/${product}`);
  const price = page.locator("table.variants tbody tr:first-child td[data-h^=Price] input");
  await price.fill("much");
  await press(page, ".savebar button.btn");
  assert.equal(await price.getAttribute("aria-invalid"), "true");
  assert.equal(await price.inputValue(), "much");
  await page.inspect();
  await price.fill("12.34");
  await press(page, ".savebar button.btn");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.equal(await price.inputValue(), "12.34");
  await page.inspect();
  const total = () => shop.sql(`select sum(delta) as n from stock_movements where variant_id = ${id}`)[0].n;
  const before = total();
  await page.goto(`/admin/stock/${id}`);
  await page.fill("#pieces", "7");
  await press(page, "main form .main-act");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.notEqual(total(), before);
  await page.inspect();
});

/** The code that an authenticator would show now. */
const totp = (seed) => execFileSync("oathtool", ["--totp", "-b", "-"], { input: seed, encoding: "utf8" }).trim();

/** Enrolls an authenticator from the page of the second factor; the recovery codes. */
async function enroll(page) {
  await press(page, "main form[action='/admin/factor'] .main-act");
  const seed = await page.getAttribute("[data-seed]", "data-seed");
  assert(await page.locator(".qr svg").isVisible(), "no QR code");
  await page.inspect();
  const code = totp(seed);
  await page.fill("#code", code === "000000" ? "000001" : "000000");
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  assert.equal(await page.locator("#code-e").count(), 1);
  await page.inspect();
  await page.fill("#code", code);
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  await page.inspect();
  return { codes: await page.locator("[data-codes] code").allInnerTexts(), code };
}

journey("a fresh shop's owner sets up a second factor before anything else, and signs in by it", async ({ open, fresh }) => {
  const shop = await fresh();
  const owner = shop.user("boss", "admin");
  const page = await open(owner, shop);
  await page.goto("/admin/orders");
  await page.inspect();
  await page.goto("/admin/factor");
  const { codes, code } = await enroll(page);
  assert(codes.length >= 8, `${codes.length} recovery codes`);
  await press(page, "main .main-act");
  assert.equal((await page.goto("/admin/orders")).status(), 200);
  await page.click(".nav .foot summary");
  await press(page, "form[action='/admin/logout'] button");
  await signIn(page, owner);
  assert.match(await page.locator("h1").innerText(), /second factor/i);
  await page.inspect();
  await page.fill("#code", code);
  await press(page, "main form .main-act");
  assert.equal(await page.locator("#code-e").count(), 1, "a code went twice");
  await page.inspect();
  await page.fill("#code", codes[0]);
  await press(page, "main form .main-act");
  assert.equal(new URL(page.url()).pathname, "/admin/orders");
  await page.inspect();
});

journey("a forgotten password is reset by a link, which is good once", async ({ shop, open, scripts }) => {
  const user = shop.user(`forgetful${scripts ? 1 : 2}`, "staff");
  const link = new URL(/http\S+/.exec(shop.till(["user", "reset-link", `${user.name}@shop.test`]))[0]).pathname;
  const page = await open();
  await page.goto(link);
  await page.inspect();
  await page.fill("#password", "short");
  await press(page, "main form .main-act");
  assert.equal(await page.locator("#password-e").count(), 1);
  await page.inspect();
  await page.fill("#password", `${PASSWORD} again`);
  await press(page, "main form .main-act");
  await page.inspect();
  await signIn(page, { ...user, password: `${PASSWORD} again` });
  const late = await open();
  await late.goto(link);
  assert.equal(await late.locator("#password").count(), 0, "the link is good twice");
  await late.inspect();
});

journey("the keyboard alone leads from the list into an order and back", async ({ shop, open, scripts }) => {
  if (!scripts) return;
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.locator("tbody tr").nth(1).getAttribute("data-order");
  assert.equal(await page.locator("tr.is-at").getAttribute("data-order"), second);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("o")]);
  assert.equal(new URL(page.url()).pathname, `/admin/orders/${second}`);
  await page.keyboard.press("g");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("o")]);
  assert.equal(new URL(page.url()).pathname, "/admin/orders");
  await page.keyboard.press("?");
  assert(await page.locator("dialog#keys").isVisible());
  await page.keyboard.press("Escape");
  assert(!(await page.locator("dialog#keys").isVisible()));
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement !== document.body), "focus is lost");
});

journey("the look that is chosen stays, here and on the next page", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  await page.click(".nav .foot summary");
  if (scripts) await page.click("button[name=theme][value=dark]");
  else await press(page, "button[name=theme][value=dark]");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await page.goto("/admin/orders?status=pending");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
});

journey("who has signed out is out", async ({ shop, open }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  await page.click(".nav .foot summary");
  await press(page, "form[action='/admin/logout'] button");
  assert.equal(new URL(page.url()).pathname, "/admin/login");
  const reply = await page.goto("/admin/orders");
  assert.equal(reply.status(), 401);
});

export async function journeysOf(browser, shop, only = process.env.BROWSER_ONLY) {
  const report = new Report("journeys");
  let walked = 0;
  for (const { name, walk } of journeys) {
    for (const scripts of [true, false]) {
      if (only && !name.includes(only)) continue;
      const where = `${name} (${scripts ? "with" : "without"} scripts)`;
      const pages = [];
      let own;
      const fresh = async () => (own = await Shop.open("empty"));
      const open = async (user, of = shop) => {
        const page = await visitor(browser, of, { scripts });
        page.inspect = async () => report.faultsAt(`${where}: ${new URL(page.url()).pathname}`, await inspect(page));
        pages.push(page);
        if (user) await signIn(page, user);
        return page;
      };
      try {
        await walk({ shop, open, scripts, fresh });
        walked += 1;
      } catch (error) {
        report.fault(where, `${error.message}\n    ${error.stack.match(/journeys\.mjs:\d+/g)?.join(" ")}`);
      }
      for (const page of pages) {
        report.faultsAt(where, page.faults);
        await page.context().close();
      }
      own?.end();
    }
  }
  return report.close(`${walked} walked`);
}
