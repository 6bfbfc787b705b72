import { isolation } from './isolation.contract.ts'
import { contract } from './runtime.contract.ts'

contract('processes')
isolation('processes')
