// What a part has found: faults, each said once with where it was seen.
export class Report {
  constructor(part) {
    this.part = part;
    this.faults = new Map();
    this.began = performance.now();
  }

  fault(where, what) {
    const seen = this.faults.get(what) ?? [];
    this.faults.set(what, [...seen, where]);
  }

  faultsAt(where, found) {
    found.forEach((what) => this.fault(where, what));
  }

  /** Prints the outcome; whether it is good. */
  close(what) {
    const seconds = ((performance.now() - this.began) / 1000).toFixed(1);
    console.log(`${this.part}: ${what}, ${this.faults.size} faults, ${seconds} s`);
    for (const [fault, seen] of this.faults) console.log(`  ${fault}\n    at ${[...new Set(seen)].slice(0, 6).join(", ")}`);
    return this.faults.size === 0;
  }
}
