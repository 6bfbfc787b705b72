/**
 * A copy of plain data, so that two runs do not share what handlers may change.
 *
 * Arrays, plain objects, maps and sets are copied, all the way down. What has a class of its own stays what it is: nobody
 * but the class knows how to copy it.
 */
export function copyOf<T>(value: T): T {
  return copied(value, new Map()) as T
}

/** `known`: what was copied already; data may have circles. */
function copied(value: unknown, known: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (known.has(value)) return known.get(value)
  const keep = <C extends object>(copy: C): C => {
    known.set(value, copy)
    return copy
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) {
    const copy: unknown[] = keep([])
    for (const each of value as unknown[]) copy.push(copied(each, known))
    return copy
  }
  if (prototype === Map.prototype) {
    const copy = keep(new Map<unknown, unknown>())
    for (const [key, each] of value as Map<unknown, unknown>) copy.set(copied(key, known), copied(each, known))
    return copy
  }
  if (prototype === Set.prototype) {
    const copy = keep(new Set<unknown>())
    for (const each of value as Set<unknown>) copy.add(copied(each, known))
    return copy
  }
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy = keep(Object.create(prototype) as Record<PropertyKey, unknown>)
  for (const name of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, name)!
    // What is computed when it is read stays so.
    if ('value' in property) property.value = copied(property.value, known)
    Object.defineProperty(copy, name, property)
  }
  return copy
}
