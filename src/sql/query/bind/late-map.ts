/** A map that is made when something is put into it: most scopes have next to nothing of what they might have. */
export class LateMap<Key, Value> {
  #map: Map<Key, Value> | undefined;

  constructor() {
    this.#map = undefined;
  }

  has(key: Key): boolean {
    return this.#map?.has(key) === true;
  }

  get(key: Key): Value | undefined {
    return this.#map?.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map ??= new Map();
    this.#map.set(key, value);
  }

  entries(): Iterable<[Key, Value]> {
    return this.#map ?? [];
  }
}
