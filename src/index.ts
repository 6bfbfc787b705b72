/**
 * What `millrace` is: the list in surface.ts; in a worker elsewhere, that list as a part of what the worker has loaded already.
 *
 * Whoever imports this file is led to the same place, so that each class and registry is there once.
 */
export * from '#surface'
