// Pages that no link of the admin leads to: behind a one-time link, in the place of another page, or after what somebody
// typed. Each is brought about as it comes about for people, and shown in every look.
import assert from "node:assert/strict";
import { LOOKS, signIn, visitor } from "./look.mjs";
import { BUYER, PASSWORD, Shop } from "./shop.mjs";
import { code, press, take, turn } from "./walk.mjs";

const places = [];
const place = (name, walk) => places.push({ name, walk });

/** Goes through all of them in one look; `see` gets the page and its name. A walk that goes nowhere is told by `lost`. */
export async function eachPlace(browser, shop, look, see, lost) {
  shop.empty ??= Shop.open("empty");
  const fresh = await shop.empty;
  for (const { name, walk } of places) {
    const pages = [];
    const open = async (user, of = shop) => {
      const page = await visitor(browser, of, { look });
      pages.push(page);
      if (user) await signIn(page, user);
      return page;
    };
    const user = (kind) => shop.user(`${kind}-${look.name}`, "staff");
    try {
      await walk({ shop, fresh, open, user, look, see });
    } catch (error) {
      const page = pages.at(-1);
      const at = page ? `${await page.title().catch(() => "")} at ${page.url()}` : "no page";
      lost(name, `${error.message.split("\n")[0]} (“${at}”)`);
    }
    for (const page of pages) await page.context().close();
  }
}

/** Ends what was opened for them. */
export const endPlaces = async (shop) => (await shop.empty)?.end();

const ENTER = "main form .main-act";

/** Sends a form to another address with other fields: what a page of ours sends, but when it likes. */
const sendInstead = (page, form, action, fields) => turn(page, () => page.$eval(form, (el, [action, fields]) => {
  Object.assign(el, { action, noValidate: true });
  for (const [name, value] of Object.entries(fields)) {
    el.querySelector(`[name="${name}"]`)?.remove();
    el.append(Object.assign(document.createElement("input"), { name, value, type: "hidden" }));
  }
  el.requestSubmit();
}, [action, fields]));

place("the first run", async ({ fresh, open, see }) => {
  const page = await open(null, fresh);
  await page.goto("/admin/login");
  await see(page, "login-new-shop");
  await page.goto(await fresh.setupLink());
  await see(page, "setup");
  for (const field of ["name", "email", "username", "shop"]) await page.fill(`#${field}`, "x y@");
  await page.fill("#country", "Nowhere");
  await page.fill("#password", "short");
  await press(page, ENTER);
  assert(await page.locator(".err").count() >= 3, "nothing is wrong with it");
  await see(page, "setup-refused");
  await page.goto("/admin/setup/nonsense");
  await see(page, "setup-spent");
});

place("the demo's own link", async ({ shop, open, see }) => {
  const page = await open();
  await page.goto(/as the owner of the demo\D*(http\S+)/.exec(shop.said)[1]);
  await see(page, "setup-demo");
});

place("a sign-in that is refused", async ({ open, look, see }) => {
  const page = await open();
  await page.goto("/admin/login");
  for (let tries = 0; tries < 6; tries += 1) {
    await page.fill("#email", `nobody-${look.name}`);
    await page.fill("#password", "not this one");
    await press(page, ENTER);
    if (tries === 0) await see(page, "login-refused");
  }
  assert.match(await page.locator("[role=alert]").innerText(), /Too many/);
  await see(page, "login-locked");
  await page.goto("/forgot");
  await page.fill("#email", "nobody@shop.test");
  await press(page, ENTER);
  await see(page, "forgot-sent");
});

place("a reset by its link", async ({ shop, open, user, see }) => {
  const { name } = user("forgetful");
  const link = new URL(/http\S+/.exec(shop.till(["user", "reset-link", `${name}@shop.test`]))[0]).pathname;
  const page = await open();
  await page.goto(link);
  await see(page, "reset");
  await page.fill("#password", "short");
  await press(page, ENTER);
  await see(page, "reset-refused");
  await page.fill("#password", `${PASSWORD} anew`);
  await press(page, ENTER);
  await see(page, "reset-done");
  await page.goto(link);
  await see(page, "reset-spent");
});

place("an invitation", async ({ shop, open, look, see }) => {
  const mine = await open(shop.owner);
  const name = `mia-${look.name}`;
  await mine.goto("/admin/users/new");
  await mine.fill("#email", "nowhere");
  await mine.fill("#username", name);
  await press(mine, ENTER);
  await see(mine, "invite-refused");
  await mine.fill("#email", `${name}@shop.test`);
  await press(mine, ENTER);
  await see(mine, "invited");
  const link = shop.link(`${name}@shop.test`, "invitation");
  const page = await open();
  await page.goto(link);
  await see(page, "invitation");
  await page.fill("#password", "short");
  await press(page, ENTER);
  await see(page, "invitation-refused");
  await page.fill("#password", PASSWORD);
  await press(page, ENTER);
  await page.goto("/admin/users");
  await see(page, "forbidden");
  const late = await open();
  await late.goto(link);
  await see(late, "invitation-spent");
});

place("a change of address", async ({ shop, open, user, look, see }) => {
  const page = await open(user("mover"));
  const to = `moved-${look.name}@shop.test`;
  await page.goto("/admin/profile");
  await page.fill("#email", "nowhere");
  await press(page, "form[action='/admin/profile/email'] button");
  await see(page, "profile-refused");
  await page.fill("#email", to);
  await press(page, "form[action='/admin/profile/email'] button");
  await see(page, "address-asked");
  const link = shop.link(to, "prove_address");
  const guest = await open();
  await guest.goto(link);
  await see(guest, "address-signed-out");
  await page.goto(link);
  await see(page, "address");
  await press(page, ENTER);
  await page.goto(link);
  await see(page, "address-again");
  await page.goto("/address/nonsense");
  await see(page, "address-spent");
});

place("a second factor", async ({ open, user, see }) => {
  const who = user("careful");
  const page = await open(who);
  await page.goto("/admin/factor");
  await press(page, "main form[action='/admin/factor'] .main-act");
  const seed = await page.getAttribute("[data-seed]", "data-seed");
  await see(page, "factor");
  const used = code(seed);
  await page.fill("#code", used === "000000" ? "000001" : "000000");
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  await see(page, "factor-refused");
  await page.fill("#code", used);
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  await see(page, "recovery-codes");
  const codes = await page.locator("[data-codes] code").allInnerTexts();
  await page.goto("/admin/profile");
  await see(page, "profile-with-factor");
  await sendInstead(page, "form[action='/admin/profile']", "/admin/step-up", { code: "000000", then: "/admin/profile" });
  await see(page, "step-up-code");
  const other = await open();
  await signIn(other, who);
  await see(other, "totp");
  await other.fill("#code", used);
  await press(other, ENTER);
  await see(other, "totp-refused");
  await other.fill("#code", codes[0]);
  await press(other, ENTER);
});

place("a proof once more, and what was kept for it", async ({ open, user, see }) => {
  const page = await open(user("careless"));
  await page.goto("/admin/profile");
  const kept = new URLSearchParams({ email: "mia@shop.test", username: "mia", name: "Mia Okafor ".repeat(12).trim(), role: "staff" });
  await sendInstead(page, "form[action='/admin/profile']", "/admin/step-up", {
    password: "not this one", then: "/admin/users", kept: kept.toString(),
  });
  await see(page, "step-up");
  await page.fill("#password", PASSWORD);
  await press(page, ENTER);
  await see(page, "resume");
});

place("a session that ends in the middle of a form", async ({ shop, open, user, see }) => {
  const who = user("sleepy");
  const page = await open(who);
  await page.goto(`/admin/orders/${take(shop, "pending").id}`);
  await page.fill("#note", "The customer called: please leave it with the neighbour, who is in until six.");
  await page.context().clearCookies();
  await press(page, ".note-form button.btn");
  await see(page, "login-kept");
  await page.fill("#email", who.name);
  await page.fill("#password", who.password);
  await press(page, ENTER);
  await see(page, "resume-note");
});

place("somebody else was first", async ({ shop, open, look, see }) => {
  const [mine, theirs] = [await open(shop.owner), await open(shop.owner)];
  const order = take(shop, "pending");
  await mine.goto(`/admin/orders/${order.id}/cancel`);
  await mine.fill("#reason", "lost in the post, says the carrier");
  await theirs.goto(`/admin/orders/${order.id}`);
  await press(theirs, "header .actions .main-act");
  await press(mine, "form.ask button.danger");
  assert.equal(await mine.locator("[data-conflict]").count(), 1, "no conflict");
  await see(mine, "conflict-order");
  const [{ id }] = shop.sql(`select id from products where seller_id is null order by id limit 1 offset ${LOOKS.indexOf(look)}`);
  await Promise.all([mine, theirs].map((page) => page.goto(`/admin/products/${id}`)));
  const more = async (page, words) => page.fill("#description", `${await page.inputValue("#description")} ${words}`);
  await more(theirs, "Made in Ludlow, of oak that was felled in winter.");
  await press(theirs, ".savebar button.btn");
  await more(mine, "Now with a lid.");
  await press(mine, ".savebar button.btn");
  assert.equal(await mine.locator("[data-conflict]").count(), 1, "no conflict");
  await see(mine, "conflict-product");
});

place("a customer where the shop's people work", async ({ open, see }) => {
  const page = await open();
  await page.goto("/admin/login");
  await page.fill("#email", BUYER.name);
  await page.fill("#password", BUYER.password);
  await press(page, ENTER);
  await page.goto("/admin/orders");
  await see(page, "staff-only");
});

place("the sandbox's page", async ({ shop, open, see }) => {
  const order = await shop.order();
  const { redirect_url: at } = await shop.post("/payments/initiate", { order_id: order, provider: "sandbox" }, BUYER);
  const page = await open();
  await page.goto(at);
  await see(page, "pay");
  await press(page, "button[value=decline]");
  await see(page, "pay-declined");
});

place("what is told once", async ({ shop, open, look, see }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/api-keys/new");
  await press(page, ENTER);
  await see(page, "api-key-refused");
  await page.fill("#name", `Bookkeeping ${look.name}`);
  await page.check("[name=permission] >> nth=0");
  await press(page, ENTER);
  await see(page, "api-key-told");
  await press(page, "form[action^='/admin/secrets/'] button:not([type=button])");
});

place("many products at once", async ({ shop, open, see }) => {
  const page = await open(shop.owner);
  for (const what of ["price", "stock"]) {
    await page.goto("/admin/products?sort=name");
    for (const nth of [0, 1, 2]) await page.locator('tbody .pick input[type="checkbox"]').nth(nth).check();
    await see(page, `bulk-${what}-ticked`);
    await press(page, `#bulk button[value=${what}]`);
    await see(page, `bulk-${what}`);
    await press(page, ENTER);
    await see(page, `bulk-${what}-refused`);
    await page.fill("#value", "10");
    await press(page, ENTER);
    await see(page, `bulk-${what}-counted`);
  }
});

place("a refund that is counted first", async ({ shop, open, see }) => {
  const page = await open(shop.owner);
  await page.goto(`/admin/orders/${take(shop, "delivered", "paid > 0 and refunded = 0").id}/refund`);
  await page.fill("#amount", "much");
  await press(page, "button[value=count]");
  await see(page, "refund-refused");
  await page.fill("#amount", "1");
  await press(page, "button[value=count]");
  await see(page, "refund-counted");
});
