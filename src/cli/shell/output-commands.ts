/** Dot commands about how results look, and where they go. */
import { DbError } from "../../errors.ts";
import { OUTPUT_MODES, type OutputMode } from "../row-writer.ts";
import { atMostOne, type DotCommand, isOn, oneOf, unescaped } from "./dot-command.ts";
import type { ShellSession } from "./session.ts";

export const OUTPUT_COMMANDS: readonly DotCommand[] = [
  {
    name: ".headers",
    parameters: "on|off",
    summary: "whether the names of the columns come first",
    async run(session, parameters) {
      session.format = { ...session.format, hasHeaders: isOn(".headers", parameters) };
    },
  },
  {
    name: ".mode",
    parameters: "MODE [TABLE]",
    summary: `the form of rows: ${OUTPUT_MODES.join(" ")}`,
    async run(session, [mode, table, ...more]) {
      const chosen = oneOf(".mode", OUTPUT_MODES, mode === undefined ? [] : [mode, ...more]) as OutputMode;
      if (table !== undefined && chosen !== "insert") {
        throw new DbError("INVALID", `.mode ${chosen} takes no table; .mode insert does`);
      }
      session.format = { ...session.format, mode: chosen, table: table ?? "table", separator: undefined };
    },
  },
  {
    name: ".nullvalue",
    parameters: "[TEXT]",
    summary: "what NULL is shown as; without a text as the mode has it",
    async run(session, parameters) {
      session.format = { ...session.format, nullText: atMostOne(".nullvalue", "one text", parameters) };
    },
  },
  {
    name: ".once",
    parameters: "FILE",
    summary: "the results of the next statement go to a file",
    async run(session, parameters) {
      const file = atMostOne(".once", "one file", parameters);
      if (file === undefined) {
        throw new DbError("INVALID", ".once takes a file");
      }
      session.sendOutputTo(file, true);
    },
  },
  {
    name: ".output",
    parameters: "[FILE]",
    summary: "results go to a file; without one, back to the terminal",
    async run(session, parameters) {
      session.sendOutputTo(atMostOne(".output", "one file", parameters));
    },
  },
  {
    name: ".separator",
    parameters: "[TEXT]",
    summary: "what is between values in list, csv and quote; \\t is a tab",
    async run(session, parameters) {
      const separator = atMostOne(".separator", "one text", parameters);
      session.format = { ...session.format, separator: separator === undefined ? undefined : unescaped(separator) };
    },
  },
  {
    name: ".show",
    parameters: "",
    summary: "how all of these are set",
    async run(session) {
      const settings = settingsOf(session);
      const width = Math.max(...settings.map(([name]) => name.length));
      for (const [name, value] of settings) {
        session.output.writeData(`${name.padStart(width)}  ${value}\n`);
      }
    },
  },
  {
    name: ".timer",
    parameters: "on|off",
    summary: "prints how long each statement took",
    async run(session, parameters) {
      session.hasTimer = isOn(".timer", parameters);
    },
  },
];

function settingsOf(session: ShellSession): (readonly [string, string])[] {
  const { mode, hasHeaders, nullText, separator, table } = session.format;
  const asMode = "(as the mode has it)";
  return [
    ["headers", onOff(hasHeaders)],
    ["mode", mode === "insert" ? `insert ${table}` : mode],
    ["nullvalue", nullText === undefined ? asMode : JSON.stringify(nullText)],
    ["output", session.outputPath ?? "(here)"],
    ["plan", onOff(session.showsPlans)],
    ["separator", separator === undefined ? asMode : JSON.stringify(separator)],
    ["timer", onOff(session.hasTimer)],
  ];
}

function onOff(isSet: boolean): string {
  return isSet ? "on" : "off";
}
