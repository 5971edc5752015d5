/// Everything the loop can do, in one flat list: dispatch is one jump through one table.
enum Operation: UInt16 {
  case invalid
}
