/** Assertions about types: they run nowhere, the compiler is the test. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export declare function expect<True extends true>(): void
