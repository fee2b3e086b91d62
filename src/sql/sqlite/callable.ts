/** Classes that may be called without `new`, as constructors written as functions may. */

type Constructor = abstract new (...parameters: never[]) => object;

/** The class; calling it is constructing. */
export function callable<Class extends Constructor, Callable>(made: Class): Callable {
  const proxy: object = new Proxy(made, {
    apply: (target, _receiver, parameters) => Reflect.construct(target as never, parameters, proxy as never),
  });
  Object.defineProperty(made.prototype, "constructor", { value: proxy, writable: true, configurable: true });
  return proxy as Callable;
}
