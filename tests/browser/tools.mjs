// What comes from elsewhere: Chromium by playwright-core, and axe. The modules lie in a cache outside the clone.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const modules = process.env.BROWSER_MODULES;
const require = createRequire(`${modules}/package.json`);
const { chromium } = require("playwright-core");

export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const browse = (more = []) =>
  chromium.launch({
    executablePath: process.env.BROWSER_CHROMIUM,
    // As root there is no sandbox to be had; the rest keeps it from calling anybody.
    args: [
      "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--no-first-run", ...more,
    ],
  });

export const lighthouse = () => import(`${modules}/lighthouse/node_modules/lighthouse/core/index.js`);
