// What a page's markup holds that no template of ours does: only a text can have brought it. Replies are parsed by the
// browser, in a document without a network, where nothing of them runs.
import { readdirSync, readFileSync } from "node:fs";
import { fillIn, formsIn } from "./forms.mjs";

const TEMPLATES = new URL("../../templates/", import.meta.url);
/** What runs, loads or leads by itself: our pages have none of it, and no template may bring it in (WEB-01). */
const NEVER = /^(on|style$|srcdoc$|formaction$|ping$|background$|http-equiv$)/;
/** What no template draws: the code that an authenticator scans, and what a browser puts in by itself. */
const DRAWN = {
  svg: ["xmlns", "version", "width", "height", "viewbox", "shape-rendering"], rect: ["x", "y", "width", "height", "fill"],
  path: ["d", "fill"], tbody: [], colgroup: [],
};

/** Every element of the templates in a folder, and every attribute as `element attribute`. */
export function vocabulary(folder, may = () => false) {
  const known = new Set(["html", "head", "body"]);
  const learn = (name, attributes) => {
    known.add(name);
    attributes.filter((one) => !NEVER.test(one) || may(one)).forEach((one) => known.add(`${name} ${one}`));
  };
  Object.entries(DRAWN).forEach(([name, attributes]) => learn(name, attributes));
  for (const file of readdirSync(new URL(folder, TEMPLATES), { recursive: true, withFileTypes: true })) {
    if (!file.name.endsWith(".html")) continue;
    const words = readFileSync(`${file.parentPath ?? file.path}/${file.name}`, "utf8")
      .replace(/\{\{.*?\}\}/gs, "").replace(/\{[%#].*?[%#]\}/gs, " ");
    for (const [, name, rest] of words.matchAll(/<([a-z][a-z0-9]*)([^>]*)>/gi)) {
      const bare = rest.replace(/"[^"]*"|'[^']*'/g, " ").toLowerCase();
      learn(name.toLowerCase(), bare.match(/[a-z][\w:-]*/g) ?? []);
    }
  }
  return [...known];
}

/** What of a document is none of ours, in words. */
function strangeIn(doc, address, known, ran) {
  const faults = [];
  const tell = (what, el) => faults.push(`${what}: ${el.outerHTML.slice(0, 90)}`);
  const { origin } = new URL(address);
  const leads = (el, name, value) => {
    let to;
    try { to = new URL(value, address); } catch { return false; }
    const isFar = el.localName === "a" && ["http:", "https:", "mailto:", "tel:", "otpauth:"].includes(to.protocol);
    return isFar || to.origin === origin;
  };
  for (const el of doc.querySelectorAll("*")) {
    const tag = el.localName.toLowerCase();
    if (!known.has(tag)) { tell(`<${tag}> is none of ours`, el); continue; }
    for (const { name, value } of el.attributes) {
      const attribute = name.toLowerCase();
      if (!known.has(`${tag} ${attribute}`)) tell(`<${tag} ${attribute}> is none of ours`, el);
      else if (["href", "src", "action", "xlink:href", "data"].includes(attribute) && !leads(el, attribute, value)) {
        tell(`${attribute} leads elsewhere`, el);
      }
    }
    if (tag === "script" && (el.textContent || !el.getAttribute("src")?.startsWith("/assets/"))) tell("a script of its own", el);
    if (tag === "title" && el.namespaceURI.endsWith("xhtml") && !el.closest("head")) tell("a title in the page", el);
  }
  const comments = doc.createTreeWalker(doc, NodeFilter.SHOW_COMMENT);
  while (comments.nextNode()) if (comments.currentNode.data.includes(ran)) faults.push(`a comment: ${comments.currentNode.data}`);
  return faults.slice(0, 4);
}

/** How many of some texts stand whole in a document, as words or as the value of something. */
function shownIn(doc, texts) {
  const values = [...doc.querySelectorAll("*")].flatMap((el) => [...el.attributes].map(({ value }) => value));
  const whole = [doc.documentElement.textContent, ...values].join("\n");
  return texts.filter((text) => whole.includes(text.replace(/\r\n?/g, "\n").trim())).length;
}

/** Parses what a server has said. One page of the browser, without a network. */
export class Reader {
  static async open(browser, ran) {
    const context = await browser.newContext({ offline: true });
    const reader = new Reader();
    reader.context = context;
    reader.page = await context.newPage();
    await reader.page.evaluate(`(() => {
      const known = { admin: new Set(${JSON.stringify(vocabulary("admin/"))}),
        mail: new Set(${JSON.stringify(vocabulary("mail/", (name) => name === "style"))}) };
      const [formsIn, fillIn, strangeIn, shownIn] = [${formsIn}, ${fillIn}, ${strangeIn}, ${shownIn}];
      const parse = (html) => new DOMParser().parseFromString(html, "text/html");
      let held, at;
      window.reading = {
        read({ html, address, texts, words, holds }) {
          const doc = parse(html);
          if (holds) { held = doc; at = address; }
          return {
            title: doc.title, strange: strangeIn(doc, address, known[words], ${JSON.stringify(ran)}),
            shown: shownIn(doc, texts), forms: holds ? formsIn(doc, address) : [],
          };
        },
        // What is held stays as it came: one form of it is filled in many ways.
        fill: ([form, typed, password]) => fillIn(held.cloneNode(true), form, typed, password),
      };
    })()`);
    return reader;
  }

  /** What a page says: its title, what of it is none of ours, how many of the texts it shows; and its forms, if it is held. */
  read(html, address, { texts = [], words = "admin", holds = false } = {}) {
    return this.page.evaluate((page) => window.reading.read(page), { html, address, texts, words, holds });
  }

  /** A form of the page that is held, filled in and as it would be sent. */
  fill(form, typed, password) {
    return this.page.evaluate((what) => window.reading.fill(what), [form, typed, password]);
  }

  /** The same of a row that comes by the live stream, which the script puts into a table. */
  row(html, address, texts) {
    return this.read(`<table><tbody>${html}</tbody></table>`, address, { texts });
  }

  close() {
    return this.context.close();
  }
}
