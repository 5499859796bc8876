// What the journeys are made of: a press and its page, an order that nobody else touches, a code, a key and its focus.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cookies } from "./crawl.mjs";
import { LOOKS } from "./look.mjs";

/** The looks of a journey that is walked at a desk and on a phone. */
export const EACH_WIDTH = { looks: [LOOKS[0], LOOKS[2]] };

/** A list of journeys, and how one is put onto it. */
export function collect() {
  const journeys = [];
  return [journeys, (name, walk, { looks = [LOOKS[0]] } = {}) => journeys.push({ name, walk, looks })];
}

/** Does what leads to another page, and waits for it. */
export const turn = async (page, act) => (await Promise.all([page.waitForNavigation(), act()]))[0];

/** Follows a link or presses a button, and waits for the page after it. */
export const press = (page, what) => turn(page, () => (typeof what === "string" ? page.locator(what) : what).click());

/** The states of an order, in the order of their numbers in the file. */
const STATES = ["pending", "processing", "shipped", "delivered", "canceled", "refunded"];
export const one = (shop, statement) => shop.sql(statement)[0];
export const state = (shop, id) => STATES[one(shop, `select status from orders where id = ${id}`).status];

/** An order that nobody in another journey touches. */
export function take(shop, status, such = "true") {
  shop.taken ??= new Set();
  const which = `status = ${STATES.indexOf(status)} and ${such}`;
  const rows = shop.sql(`select id, number, customer_id from orders where ${which} order by id`);
  const found = rows.find((order) => !shop.taken.has(order.id));
  assert(found, `no ${status} order is left`);
  shop.taken.add(found.id);
  return found;
}

/** Waits until the server has heard that a session is over. */
export async function ended(page, shop) {
  const cookie = await cookies(page, shop);
  while ((await shop.send("GET", "/admin/orders", { headers: { cookie } })).status !== 401);
}

/** Signs out by the menu, which a phone keeps behind a button. */
export async function signOut(page) {
  if (await page.locator(".topbar").isVisible()) await page.click(".topbar [popovertarget=nav]");
  await page.click(".nav .foot summary");
  await press(page, "form[action='/admin/logout'] button");
}

/** The code that an authenticator shows now, or will in some seconds. */
export const code = (seed, later = 0) => {
  const at = `@${Math.floor(Date.now() / 1000) + later}`;
  return execFileSync("oathtool", ["--totp", "-b", "-N", at, "-"], { input: seed, encoding: "utf8" }).trim();
};

/** Enrolls an authenticator from the page of the second factor: its seed, the recovery codes, the code that was used. */
export async function enroll(page) {
  await press(page, "main form[action='/admin/factor'] .main-act");
  const seed = await page.getAttribute("[data-seed]", "data-seed");
  assert(await page.locator(".qr svg").isVisible(), "no QR code");
  await page.inspect();
  const used = code(seed);
  await page.fill("#code", used === "000000" ? "000001" : "000000");
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  assert.equal(await page.locator("#code-e").count(), 1);
  await page.inspect();
  await page.fill("#code", used);
  await press(page, "form[action='/admin/factor/confirm'] .main-act");
  await page.inspect();
  const codes = await page.locator("[data-codes] code").allInnerTexts();
  await page.reload();
  assert.deepEqual(await page.locator("[data-codes] code").allInnerTexts(), codes, "not there when opened again");
  return { seed, used, codes };
}

/** Whether the focus is on what is named; and what is wrong with how it shows. */
function focused(wanted) {
  const el = document.activeElement;
  if (!el || el === document.body) return { is: false, fault: "" };
  const is = el.matches(wanted);
  if (el.id === "main") return { is, fault: "" };
  const named = `${el.localName}${el.id && `#${el.id}`} “${(el.ariaLabel ?? el.innerText).trim()}”`;
  const styles = [getComputedStyle(el), getComputedStyle(el, "::after")];
  const isRinged = styles.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
  const box = [...el.getClientRects()][0];
  if (!box || !box.width) return { is, fault: `the focus is on ${named}, which is not there to see` };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const on = document.elementFromPoint(x, y);
  const isBare = on && (el.contains(on) || on.closest("label")?.contains(el));
  if (!isRinged) return { is, fault: `no ring round ${named}` };
  return { is, fault: isBare ? "" : `${named} has the focus behind ${on ? `${on.localName}.${on.className}` : `the edge at ${Math.round(x)}, ${Math.round(y)}`}` };
}

/** Goes by one key until the focus is on what is named; each stop on the way shows where the focus is. */
export async function tabTo(page, wanted, key = "Tab") {
  for (let stops = 0; stops < 200; stops += 1) {
    const look = () => page.evaluate(`(${focused})(${JSON.stringify(wanted)})`);
    let { is, fault } = await look();
    // What has just got the focus may still be on its way into view.
    for (let tries = 0; fault && tries < 20; tries += 1) ({ is, fault } = await look());
    if (fault) page.faults.push(fault);
    if (is) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${wanted}`);
}
