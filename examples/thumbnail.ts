/**
 * An open pipeline: it waits for its input.
 *
 * Because it says where it lives, and is exported there, all of it may travel: its `resize` too, which is a closure.
 */
import { pipeline } from 'millrace'
import { decode, encode, type Jpeg, resize } from './images.ts'

export const thumbnail = pipeline<Jpeg>('thumbnail', import.meta)
  .stage('decode', decode)
  .stage('resize', pixels => resize(pixels, 128), { workers: 2 })
  .stage('encode', encode)
