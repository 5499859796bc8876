// What the pages cost: how many bytes each takes, how long the list of orders takes from the click to the picture, and
// how much memory the server holds while ten people work. Says what it measures, and fails where a figure is too large.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { brotliDecompressSync } from "node:zlib";
import { cookies, discover } from "./crawl.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";

const [MOST_COLD, MOST_WARM] = [100_000, 20_000];
const MOST_PAINT_MS = 200;
const MOST_MIB = 100;
const PAINTS = 30;
const PEOPLE = 10;
const MINUTE = 60_000;

export async function measure(browser, shop) {
  const report = new Report("measure");
  const page = await visitor(browser, shop);
  await signIn(page, shop.owner);
  const { addresses } = await discover(page, shop);
  const cookie = await cookies(page, shop);
  await weigh(shop, report, cookie, addresses);
  await paint(page, report);
  await page.context().close();
  await work(browser, shop, report, addresses.map(({ address }) => address));
  return report.close(`${addresses.length} addresses`);
}

/** The bytes on the wire, packed as a browser asks for them; and what came. */
function fetched(shop, path, cookie, agent) {
  return new Promise((done, fail) => {
    const headers = { cookie, "accept-encoding": "br" };
    request(new URL(path, shop.url), { headers, agent }, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part)).on("error", fail).on("end", () => {
        const bytes = Buffer.concat(parts);
        const text = reply.headers["content-encoding"] === "br" ? brotliDecompressSync(bytes) : bytes;
        done({ status: reply.statusCode, size: bytes.length, text: text.toString() });
      });
    }).on("error", fail).end();
  });
}

async function weigh(shop, report, cookie, addresses) {
  const assets = new Map();
  const kinds = new Map();
  for (const { address, row } of addresses) {
    const { size, text } = await fetched(shop, address, cookie);
    let cold = size;
    for (const asset of new Set(text.match(/\/assets\/[\w.-]+/g))) {
      if (!assets.has(asset)) assets.set(asset, (await fetched(shop, asset, cookie)).size);
      cold += assets.get(asset);
    }
    if (size > MOST_WARM) report.fault(address, `weighs ${size} bytes warm`);
    if (cold > MOST_COLD) report.fault(address, `weighs ${cold} bytes cold`);
    const known = kinds.get(row.path) ?? { warm: 0, cold: 0 };
    kinds.set(row.path, { warm: Math.max(known.warm, size), cold: Math.max(known.cold, cold) });
  }
  for (const [path, { warm, cold }] of [...kinds].sort(([, a], [, b]) => b.warm - a.warm)) {
    console.log(`  ${path}: ${warm} bytes warm, ${cold} cold`);
  }
}

/** From the click on a tab of the list to the first picture of what it leads to, everything else already there. */
async function paint(page, report) {
  const took = [];
  await page.goto("/admin/orders");
  for (let i = 0; i < PAINTS; i += 1) {
    await page.evaluate(() => addEventListener("click", () => {
      sessionStorage.clicked = performance.timeOrigin + performance.now();
    }, true));
    const tab = page.locator(".tabs a").nth(i % 2);
    await Promise.all([page.waitForNavigation(), tab.click()]);
    took.push(await page.evaluate(() => new Promise((done) => {
      const tell = () => {
        const first = performance.getEntriesByName("first-contentful-paint")[0];
        if (first) done(performance.timeOrigin + first.startTime - Number(sessionStorage.clicked));
        else setTimeout(tell, 5);
      };
      tell();
    })));
  }
  took.sort((a, b) => a - b);
  const at = (share) => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))]);
  const told = `median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`;
  console.log(`  the list of orders, click to painted, ${PAINTS} times: ${told}`);
  if (at(0.95) > MOST_PAINT_MS) report.fault("/admin/orders", `is painted ${at(0.95)} ms after the click`);
}

const memory = (shop, name) => {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${shop.child.pid}/status`, "utf8"));
  return Number(line[1]) / 1024;
};

/** Ten people, each one page after the other for a minute, with half a second to look at it. */
async function work(browser, shop, report, addresses) {
  const sessions = [];
  for (let who = 0; who < PEOPLE; who += 1) {
    const page = await visitor(browser, shop);
    await signIn(page, shop.owner);
    sessions.push(await cookies(page, shop));
    await page.context().close();
  }
  const until = Date.now() + MINUTE;
  let pages = 0;
  let most = memory(shop, "VmRSS");
  const began = most;
  await Promise.all(sessions.map(async (cookie, who) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let at = who * 7; Date.now() < until; at += 1) {
      const path = addresses[at % addresses.length];
      const { status } = await fetched(shop, path, cookie, agent);
      if (status !== 200) report.fault(path, `answers ${status}`);
      pages += 1;
      most = Math.max(most, memory(shop, "VmRSS"));
      await new Promise((done) => setTimeout(done, 500));
    }
    agent.destroy();
  }));
  const peak = memory(shop, "VmHWM");
  const [before, meanwhile, ever] = [began, most, peak].map((mib) => mib.toFixed(1));
  console.log(`  ${PEOPLE} people, ${pages} pages in a minute: ${before} MiB before, at most ${meanwhile}, ever ${ever}`);
  if (peak > MOST_MIB) report.fault("memory", `the server held ${peak.toFixed(1)} MiB`);
}
