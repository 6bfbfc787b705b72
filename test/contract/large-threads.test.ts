import { large } from './large.contract.ts'

large('threads')
