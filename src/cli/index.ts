/** What others may use of the command line: the command itself, to be run within a process. */
export { Console, type Surroundings } from "./console.ts";
export { runNacre } from "./main.ts";
