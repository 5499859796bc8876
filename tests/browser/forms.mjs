// The forms of the pages as a browser would send them, filled in as a person might.
import { cookies } from "./crawl.mjs";
import { PASSWORD } from "./shop.mjs";

/** Every form that changes something on the page that is shown, once for each of its buttons. */
export const formsOf = (page) =>
  page.$$eval("form[method=post]", (forms) =>
    forms.flatMap((form, at) => {
      // A button may stand elsewhere and name its form.
      const buttons = [...form.elements].filter((el) => el.matches("button:not([type=button], [type=reset]), input[type=submit]"));
      return (buttons.length ? buttons : [null]).map((button) => ({
        at,
        button: button && [...form.elements].indexOf(button),
        action: new URL(button?.getAttribute("formaction") ?? form.getAttribute("action"), location).pathname,
        says: `${button?.name ?? ""}=${button?.value ?? ""} ${form.querySelector("[name=status]")?.value ?? ""}`,
        texts: [...form.elements]
          .filter((el) => el.name && el.matches("textarea, input:not([type]), input[type=text], input[type=search], input[type=email], input[type=url]"))
          .map((el) => el.name),
      }));
    }));

/** What the form holds by itself, with something fit in what is empty; `typed` counts more. */
export const fill = (page, { at, button }, typed = {}) =>
  page.evaluate(([at, button, typed, password]) => {
    const form = [...document.querySelectorAll("form[method=post]")][at];
    const fit = {
      email: "somebody@shop.test", url: "https://shop.test/x", number: "1", date: "2026-11-21", tel: "+44 20 7946 0000",
      password,
    };
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
      el.value = el.inputMode === "decimal" || el.inputMode === "numeric" ? "1" : (fit[el.type] ?? `words${Math.random()}`);
    }
    const submitter = button === null ? undefined : form.elements[button];
    const fields = [...new FormData(form, submitter)].map(([name, value]) => [name, typed[name] ?? String(value)]);
    return new URLSearchParams(fields).toString();
  }, [at, button, typed, PASSWORD]);

/** Sends a filled form as the page's own browser would. */
export async function send(page, shop, action, body, agent) {
  const headers = {
    "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body),
    "sec-fetch-site": "same-origin", cookie: await cookies(page, shop), referer: page.url(),
  };
  return shop.send("POST", action, { headers, body, agent });
}
