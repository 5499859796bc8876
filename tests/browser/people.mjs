// How people come in, and out: the first owner by the printed link, colleagues by an invitation.
import assert from "node:assert/strict";
import { signIn } from "./look.mjs";
import { PASSWORD } from "./shop.mjs";
import { code, collect, EACH_WIDTH, ended, enroll, press, signOut, state, take } from "./walk.mjs";

export const [journeys, journey] = collect();

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

journey("who has signed out is out", async ({ shop, open }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  await signOut(page);
  assert.equal(new URL(page.url()).pathname, "/admin/login");
  const reply = await page.goto("/admin/orders");
  assert.equal(reply.status(), 401);
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

journey("a shop is set up by the printed link, its owner gets a second factor, signs out and in", async ({ open, fresh }) => {
  const shop = await fresh();
  const link = await shop.setupLink();
  const page = await open(null, shop);
  await page.goto(link);
  await page.inspect();
  const typed = { name: "Priya Nair", email: "priya@shop.test", username: "priya", shop: "Fennel & Foolscap", city: "Ludlow" };
  for (const [field, words] of Object.entries(typed)) await page.fill(`#${field}`, words);
  await page.selectOption("#currency", "GBP");
  await page.fill("#password", "short");
  await press(page, "main form .main-act");
  assert.equal(await page.locator(".err").count(), await page.locator("#password-e").count());
  for (const [field, words] of Object.entries(typed)) assert.equal(await page.inputValue(`#${field}`), words);
  assert.equal(await page.inputValue("#currency"), "GBP");
  await page.inspect();
  await page.fill("#password", PASSWORD);
  await press(page, "main form .main-act");
  assert.equal(new URL(page.url()).pathname, "/admin/factor");
  await page.inspect();
  const { seed, codes, used } = await enroll(page);
  assert(codes.length >= 8, `${codes.length} recovery codes`);
  await press(page, "main .main-act");
  assert.equal((await page.goto("/admin/orders")).status(), 200);
  assert.equal(await page.locator("[data-empty]").count(), 1);
  await page.inspect();
  assert.equal((await page.goto(link)).status(), 404, "the link is good twice");
  await page.inspect();
  const owner = { name: "priya", password: PASSWORD };
  for (const second of [codes[0], code(seed, 30)]) {
    await page.goto("/admin/orders");
    await signOut(page);
    assert.equal((await page.goto("/admin/orders")).status(), 401);
    await signIn(page, owner);
    await page.fill("#code", used);
    await press(page, "main form .main-act");
    assert.equal(await page.locator("#code-e").count(), 1, "a code went twice");
    await page.inspect();
    await page.fill("#code", second);
    await press(page, "main form .main-act");
    assert.equal(new URL(page.url()).pathname, "/admin/orders");
  }
}, EACH_WIDTH);

journey("a colleague is invited to a role without refunds, and can do what it may and no more", async ({ shop, open, way }) => {
  const mine = await open(shop.owner);
  const name = `mia.${way.replaceAll(/\W+/g, "-")}`;
  await mine.goto("/admin/users/new");
  await mine.inspect();
  await mine.fill("#email", "nowhere");
  await mine.fill("#username", name);
  await mine.fill("#name", "Mia Okafor");
  await mine.selectOption("#role", "staff");
  await press(mine, "main form .main-act");
  assert.equal(await mine.locator("#email-e").count(), 1);
  assert.equal(await mine.inputValue("#role"), "staff");
  await mine.inspect();
  await mine.fill("#email", `${name}@shop.test`);
  await press(mine, "main form .main-act");
  assert.equal(await mine.locator("[data-done]").count(), 1);
  assert.match(await mine.locator(`tr[data-user="${name}"]`).innerText(), /Invited/);
  await mine.inspect();

  const link = shop.link(`${name}@shop.test`, "invitation");
  const theirs = await open();
  await theirs.goto(link);
  await theirs.inspect();
  await theirs.fill("#password", "short");
  await press(theirs, "main form .main-act");
  assert.equal(await theirs.locator("#password-e").count(), 1);
  await theirs.fill("#password", PASSWORD);
  await press(theirs, "main form .main-act");
  assert.equal(new URL(theirs.url()).pathname, "/admin/orders");
  await theirs.inspect();
  for (const closed of ["/admin/users", "/admin/roles", "/admin/api-keys"]) {
    assert.equal(await theirs.locator(`.nav a[href="${closed}"]`).count(), 0, `a link to ${closed}`);
    assert.equal((await theirs.goto(closed)).status(), 403);
    await theirs.inspect();
  }

  const order = take(shop, "delivered", "paid > 0 and refunded = 0");
  const refund = "[data-ask-refund]";
  await mine.goto(`/admin/orders/${order.id}`);
  assert.equal(await mine.locator(refund).count(), 1, "the owner may refund");
  await theirs.goto(`/admin/orders/${order.id}`);
  assert.equal(await theirs.locator(refund).count(), 0, "they may not");
  await theirs.inspect();
  // The form that the page does not draw, out of one that it does: the same token, key and version.
  await theirs.$eval(".note-form", (form) => {
    const version = document.querySelector("[data-version]").dataset.version;
    form.action = form.action.replace("/notes", "/status");
    for (const [name, value] of Object.entries({ status: "refunded", version })) {
      form.append(Object.assign(document.createElement("input"), { name, value, type: "hidden" }));
    }
  });
  const [reply] = await Promise.all([theirs.waitForNavigation(), theirs.click(".note-form button.btn")]);
  assert.equal(reply.status(), 403);
  assert.equal(state(shop, order.id), "delivered");
  await theirs.inspect();
  const another = take(shop, "processing");
  await theirs.goto(`/admin/orders/${another.id}`);
  await press(theirs, "header .actions .main-act");
  assert.equal(state(shop, another.id), "shipped", "what the role may is done");
  const late = await open();
  assert.equal((await late.goto(link)).status(), 410, "the invitation is good twice");
}, EACH_WIDTH);
