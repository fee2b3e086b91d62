/** What the layers above may use of the LSM engine. */
export {};
