// The forms of the pages as a browser would send them, filled in as a person might.
import { cookies } from "./crawl.mjs";
import { PASSWORD } from "./shop.mjs";

// The two run in the browser: in the page that is shown, or over a document that was parsed of a reply.

/** Every form of a document that changes something, once for each of its buttons. */
export function formsIn(doc, address) {
  const asked = "textarea, input:not([type]), input[type=text], input[type=search], input[type=email], input[type=url], input[type=tel]";
  // What a page keeps hidden of what was typed, or of where it was, is drawn again too.
  const kept = ["then", "kept", "view", "back", "was"];
  return [...doc.querySelectorAll("form[method=post]")].flatMap((form, at) => {
    // A button may stand elsewhere and name its form.
    const buttons = [...form.elements].filter((el) => el.matches("button:not([type=button], [type=reset]), input[type=submit]"));
    return (buttons.length ? buttons : [null]).map((button) => ({
      at,
      button: button && [...form.elements].indexOf(button),
      isMain: button === null || button.matches(".main-act, .danger"),
      action: new URL(button?.getAttribute("formaction") ?? form.getAttribute("action"), address).pathname,
      says: `${button?.name ?? ""}=${button?.value ?? ""} ${form.querySelector("[name=status]")?.value ?? ""}`,
      texts: [...form.elements].filter((el) => el.name && !el.readOnly && el.matches(asked)).map((el) => el.name),
      hidden: [...form.elements].filter((el) => el.type === "hidden" && kept.includes(el.name)).map((el) => el.name),
    }));
  });
}

/** What a form holds by itself, with something fit in what is empty; `typed` counts more. */
export function fillIn(doc, { at, button }, typed, password) {
  const form = [...doc.querySelectorAll("form[method=post]")][at];
  const fit = {
    email: `somebody${Math.random()}@shop.test`, url: "https://shop.test/x", number: "1", date: "2026-11-21", tel: "+44 20 7946 0000",
    password,
  };
  // What is read by its own rules, by the name that it has: `country`, `shipping_country`, `bill-postcode`.
  const known = [[/country$/, "GB"], [/(postcode|postal_code|zip)$/, "SY8 1AA"], [/currency$/, "GBP"], [/phone$/, "+44 20 7946 0000"], [/^head$/, ""]];
  for (const el of form.elements) {
    if (!el.name || el.type === "hidden") continue;
    // A form about the rows of a list, or about rights, is sent for the first of them.
    if (el.type === "checkbox") {
      const same = form.elements[el.name];
      const first = same instanceof RadioNodeList ? same[0] : same;
      if (["id", "permission"].includes(el.name) && el === first) el.checked = true;
      continue;
    }
    if (el.type === "radio") { if (!form.elements[el.name].value) el.checked = true; continue; }
    if (el.localName === "select") { if (!el.value) el.selectedIndex = Math.min(1, el.options.length - 1); continue; }
    if (el.localName === "button" || el.value) continue;
    const own = known.find(([name]) => name.test(el.name))?.[1];
    el.value = own ?? (el.inputMode === "decimal" || el.inputMode === "numeric" ? "1" : (fit[el.type] ?? `words${Math.random()}`));
  }
  const submitter = button === null ? undefined : form.elements[button];
  // Of another thing the same field may have another number.
  const kind = (name) => name.replace(/\d+/g, "#");
  const alike = Object.fromEntries(Object.entries(typed).map(([name, value]) => [kind(name), value]));
  const fields = [...new FormData(form, submitter)].map(([name, value]) => [name, typed[name] ?? alike[kind(name)] ?? String(value)]);
  return new URLSearchParams(fields).toString();
}

/** The forms of the page that is shown. */
export const formsOf = (page) => page.evaluate(`(${formsIn})(document, location.href)`);

/** One of them, filled in. */
export const fill = (page, form, typed = {}) =>
  page.evaluate(`(${fillIn})(document, ...${JSON.stringify([form, typed, PASSWORD])})`);

/** Sends a filled form as the page's own browser would. */
export async function send(page, shop, action, body, agent) {
  const headers = {
    "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body),
    "sec-fetch-site": "same-origin", cookie: await cookies(page, shop), referer: page.url(),
  };
  return shop.send("POST", action, { headers, body, agent });
}
