/**
 * The last line of a test run: `N passed, N failed`, with `, N skipped` if any were.
 *
 * It is written when the process ends, behind whatever other reporters and the runner itself have to say. What counts
 * as failed beside tests: a file that could not be loaded, a hook that threw, an error that nobody caught. A run that
 * was interrupted or came to no tests, and one that ends in failure without a failed test, print no such line: a reader
 * who trusts it is never told "passed" by half a run.
 */
import type { Reporter, TestModule } from "vitest/node";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export class SummaryReporter implements Reporter {
  #line: string | undefined = undefined;
  #failed = 0;

  onInit(): void {
    process.once("exit", (code) => {
      if (this.#line !== undefined && (code === 0) === (this.#failed === 0)) {
        process.stdout.write(`${this.#line}\n`);
      }
    });
  }

  onTestRunStart(): void {
    this.#line = undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[], reason: string): void {
    if (reason === "interrupted" || modules.length === 0) {
      return;
    }
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      countModule(module, counts);
    }
    this.#failed = counts.failed;
    this.#line = `${counts.passed} passed, ${counts.failed} failed`;
    if (counts.skipped > 0) {
      this.#line += `, ${counts.skipped} skipped`;
    }
  }
}

function countModule(module: TestModule, counts: Counts): void {
  if (module.errors().length > 0) {
    counts.failed++;
  }
  for (const suite of module.children.allSuites()) {
    if (suite.errors().length > 0) {
      counts.failed++;
    }
  }
  for (const test of module.children.allTests()) {
    const state = test.result().state;
    if (state === "passed") {
      counts.passed++;
    } else if (state === "skipped") {
      counts.skipped++;
    } else {
      counts.failed++; // "pending" too: a test that was not run to its end did not pass
    }
  }
}
