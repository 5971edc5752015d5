/// Everything the loop can do, in one flat list: dispatch is one jump through one table.
///
/// Names with a width are forms of their own for what compilers emit most; the others take the width from the `Op`.
enum Operation: UInt16 {
  // Register and memory moves.
  case move, move64rr, move32rr, move64ri, load8, load16, load32, load64, store8, store16, store32
  case store64, store8i, store16i, store32i, store64i, extend, zeroExtend8r, zeroExtend8m, zeroExtend16r
  case zeroExtend16m, signExtend8to32r, signExtend8to32m, signExtend8to64r, signExtend8to64m
  case signExtend16to32r, signExtend16to32m, signExtend16to64r, signExtend16to64m, signExtend32to64r
  case signExtend32to64m, loadEffective, loadEffective64, loadEffective32, moveIf, setIf, moveSwapped
  case translateByte, swapBytes, extendAccumulator, extendIntoData

  // Arithmetic and logic: the forms are register-register, register-immediate, from memory, to memory, and
  // immediate to memory, always in this order.
  case arithmetic, add64rr, add64ri, add64rm, add64mr, add64mi, sub64rr, sub64ri, sub64rm, sub64mr
  case sub64mi, and64rr, and64ri, and64rm, and64mr, and64mi, or64rr, or64ri, or64rm, or64mr, or64mi
  case xor64rr, xor64ri, xor64rm, xor64mr, xor64mi, compare64rr, compare64ri, compare64rm, compare64mr
  case compare64mi, test64rr, test64ri, test64rm, test64mr, test64mi, add32rr, add32ri, add32rm, add32mr
  case add32mi, sub32rr, sub32ri, sub32rm, sub32mr, sub32mi, and32rr, and32ri, and32rm, and32mr, and32mi
  case or32rr, or32ri, or32rm, or32mr, or32mi, xor32rr, xor32ri, xor32rm, xor32mr, xor32mi, compare32rr
  case compare32ri, compare32rm, compare32mr, compare32mi, test32rr, test32ri, test32rm, test32mr
  case test32mi, compare8rr, compare8ri, compare8rm, compare8mr, compare8mi, test8rr, test8ri, test8rm
  case test8mr, test8mi, increment64, decrement64, increment32, decrement32

  // Multiplication, shifts and bits.
  case multiply, multiplySigned, divide, multiply64rr, multiply64rri, multiply32rr, multiply32rri, shift
  case doubleShift, shiftLeft64, shiftRight64, shiftArithmetic64, shiftLeft32, shiftRight32
  case shiftArithmetic32, bitTest, bitScan, bitManipulation, checksum, decimalAdjust, checkBound
  case adjustRequestedLevel

  // The same without flags, for when the next instructions overwrite them unseen.
  case add64rrQuiet, add64riQuiet, sub64rrQuiet, sub64riQuiet, and64rrQuiet, and64riQuiet, or64rrQuiet
  case or64riQuiet, xor64rrQuiet, xor64riQuiet, increment64Quiet, decrement64Quiet, shiftLeft64Quiet
  case shiftRight64Quiet, shiftArithmetic64Quiet, multiply64rrQuiet, multiply64rriQuiet, add32rrQuiet
  case add32riQuiet, sub32rrQuiet, sub32riQuiet, and32rrQuiet, and32riQuiet, or32rrQuiet, or32riQuiet
  case xor32rrQuiet, xor32riQuiet, increment32Quiet, decrement32Quiet, shiftLeft32Quiet, shiftRight32Quiet
  case shiftArithmetic32Quiet, multiply32rrQuiet, multiply32rriQuiet

  // Exchanges.
  case exchange, exchangeAdd, compareExchange, compareExchangePair

  // Stack.
  case push64, push64i, pop64, leave64, push, pop, pushAll, popAll, pushSegment, pushFlags, leaveFrame
  case enterFrame

  // Strings, flags, vectors.
  case string, changeFlag, loadAH, storeAH, loadVector, storeVector, moveVector, vectorLanes, permuteVector
  case insertVector, vectorFloat, convertVector, compareStrings, emptyMMX, vectorState, x87, flushLine, wait, nop

  // These end a block.
  case jumpIf, jumpZero, jumpNotZero, jumpSign, jumpNotSign, jumpPositive, jumpNotPositive, jumpBelow
  case jumpNotBelow, jumpAbove, jumpNotAbove, jumpLess, jumpNotLess, jumpGreater, jumpNotGreater, jump
  case call, `return`, jumpIndirect, callIndirect, jumpIfNarrow, jumpNarrow, callNarrow, returnNarrow
  case loop, fallThrough, farTransfer, farReturn, repeatString, portString, system, invalid, stale
}
