/** A child process: takes one order, answers with its figures, and ends. */
import type { Order } from "./order.ts";
import { runTask } from "./tasks.ts";

process.once("message", async (order: Order) => {
  try {
    const findings = await runTask(order);
    process.send!({ findings }, () => process.exit(0));
  } catch (error) {
    process.send!({ error: error instanceof Error ? error.stack : String(error) }, () => process.exit(1));
  }
});
