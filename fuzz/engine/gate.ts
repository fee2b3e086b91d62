/** Where a source of entries waits until the program lets some more through. */
export class Gate {
  #credit: number;
  #open: (() => void) | undefined;

  constructor() {
    this.#credit = 0;
    this.#open = undefined;
  }

  /** Lets through so many more. */
  give(credit: number): void {
    this.#credit += credit;
    if (this.#credit > 0) {
      this.#open?.();
      this.#open = undefined;
    }
  }

  async pass(): Promise<void> {
    while (this.#credit <= 0) {
      await new Promise<void>((resolve) => {
        this.#open = resolve;
      });
    }
    this.#credit--;
  }
}
