/** What the pragmas of a session have changed about what its statements mean; all of them are SQLite's own, and deprecated there. */
export interface Dialect {
  /** INSERT, UPDATE and DELETE without RETURNING give a row: how many they have changed. */
  readonly countsChanges: boolean;
  /** A column of the result that no alias names is called `table.column` … */
  readonly hasFullNames: boolean;
  /** … or `column`; with neither as it is written. */
  readonly hasShortNames: boolean;
  /** LIKE takes capitals for other letters. */
  readonly likesCase: boolean;
  /** CHECK is not looked at. */
  readonly ignoresChecks: boolean;
  /** ALTER TABLE … RENAME leaves alone what names the table. */
  readonly altersAsOnce: boolean;
}

export const USUAL_DIALECT: Dialect = {
  countsChanges: false,
  hasFullNames: false,
  hasShortNames: true,
  likesCase: false,
  ignoresChecks: false,
  altersAsOnce: false,
};
