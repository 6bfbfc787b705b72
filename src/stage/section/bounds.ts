/**
 * How the capacity of a channel is divided, where a part of it is a table.
 *
 *     at the head     channel and table together hold what the channel may: what is in the table still counts for it
 *     within          the table alone
 *     at the tail     half of it in the table, half in the channel
 *
 * A frame holds a quarter of it at most: while one is handled, others are on their way.
 */

/** Items that the table before the last channel may hold. */
export const shareOf = (capacity: number): number => Math.ceil(capacity / 2)

/** Items of a frame, at most. */
export const frameOf = (capacity: number): number => Math.max(1, capacity >> 2)
