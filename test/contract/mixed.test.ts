import { contract } from './runtime.contract.ts'

contract('mixed')
