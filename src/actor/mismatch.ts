/** What the compiler says where a body takes other items than it gets. */

/**
 * What a body is told then: the name is the message, and nothing is assignable to it.
 *
 * Two halves of primitives, so that the compiler says no more than the name: it explains objects by their properties, and
 * an intersection by its parts.
 */
export type StageMismatch<Takes, Item, ButGets, Out> =
  | (symbol & Told<[Takes, Item, ButGets, Out]>)
  | (bigint & Told<[Takes, Item, ButGets, Out]>)

declare const MISMATCH: unique symbol
/** What has words for the compiler, and nothing else. */
export interface Told<Words> {
  readonly [MISMATCH]: Words
}
