import Architecture

/// HvCallRetargetDeviceInterrupt: moves the message-signalled interrupt of a device to other VPs.
///
/// Input: partition at 0 (8 bytes), device at 8 (8), HV_INTERRUPT_ENTRY at 16 (16; source, reserved, MSI address, MSI
/// data), vector at 40 (4), flags at 44 (4; 0 multicast, 1 set of VPs), VP mask or the set's format at 48 (8), then the
/// set's valid banks and banks as variable header. No device of this machine has its interrupts remapped by Hyper-V:
/// whoever asks properly hears that there is no such device.
enum RetargetDeviceInterrupt: Hypercall {
  static var code: HypercallCode { .retargetDeviceInterrupt }
  static var shape: HypercallShape { .variable(56) }
  static var privileges: HyperVPrivileges { [] }

  static func execute(
    _ call: inout HypercallInvocation, on partition: inout HyperVPartition,
    registers: inout some VPRegisterAccess
  ) throws(HypercallStatus) {
    try call.checkPartition()
    let isMessage = call.input.uint32(at: 16) == 1
    let flags = call.input.uint32(at: 44)
    guard isMessage, flags & ~3 == 0 else { throw .invalidParameter }
    _ = try call.vector(at: 40)
    if flags & 2 != 0 {
      // The valid banks are the first qword of the variable header.
      let banks = call.control.variableHeaderSize - 1
      guard banks >= 0 else { throw .invalidParameter }
      guard let set = HypercallVPSet(call.input, at: 48, bankCount: banks), set.isComplete else {
        throw .invalidParameter
      }
    }
    throw .invalidDeviceID
  }

  /// The vector, and the device.
  static func subject(of call: HypercallInvocation) -> HypercallSubject {
    HypercallSubject(argument: UInt64(call.input.uint32(at: 40)), value: call.input.uint64(at: 8))
  }
}
