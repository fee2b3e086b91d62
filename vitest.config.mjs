/**
 * Tests run compiled: `tsc` has put everything into dist/, and source maps lead failures back to the .ts lines.
 *
 * Node itself loads dist/src and dist/fuzz. The runner would rewrite their imports into property reads, which slows
 * hot loops down, and a worker started by URL would not be the module that the test sees.
 */
import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./dist/test/support/reporter.js";

export default defineConfig({
  test: {
    include: ["dist/test/**/*.test.js"],
    server: { deps: { external: [/\/dist\/(src|fuzz|bench|examples)\//] } },
    pool: "forks",
    execArgv: ["--enable-source-maps"],
    // For a test that hangs. How long one takes says nothing: the machine may have other things to do.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: [["default", { summary: false }], new SummaryReporter()],
    coverage: { provider: "v8", include: ["dist/src/**/*.js"], reporter: ["text", "html"] },
  },
});
