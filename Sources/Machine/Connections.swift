import Architecture
import HyperV
import Interpreter
import Journal

/// Connections to ports, and what is sent by them (TLFS, "Inter-Partition Communication"). There is one partition, which
/// makes connections to itself by way of a device.
extension Partition {
  /// Does what the test device was told. Sources are those of the writer's VTL. What QEMU would end itself for is
  /// refused.
  func perform(_ command: ConnectionCommand, by writer: ContextID) {
    let port = port(for: command, in: writer.vtl)
    let id = command.id(in: writer.vtl)
    switch command.operation {
    case .makeRoute, .makeMessageConnection, .makeEventConnection:
      let isDone = isSource(port.sint, of: port.target) && hyperV.connections.open(command.kind, id, to: port)
      note(command.kind, isDone ? .made : .refused, id, port, by: writer)
    case .breakRoute, .breakMessageConnection, .breakEventConnection:
      let old = hyperV.connections.close(command.kind, id, by: writer.vtl)
      note(command.kind, old == nil ? .refused : .broken, id, old ?? port, by: writer)
      if let old { discardMessages(of: id, command.kind, old) }
    case .signalRoute:
      let isDone = hyperV.connections[.route, id] != nil && raiseSource(port)
      if !isDone { note(.route, .refused, id, port, by: writer) }
    }
  }

  /// An event port of the test device has the flags from the number of its connection on.
  private func port(for command: ConnectionCommand, in vtl: VTL) -> SynICPort {
    SynICPort(
      ContextID(vp: command.vp, vtl: vtl), sint: Int(command.sint),
      flags: command.kind == .event ? Int(command.connection)..<SynICPort.flagCount : 0..<0)
  }

  private func note(
    _ kind: ConnectionKind, _ change: ConnectionChange, _ id: UInt32, _ port: SynICPort, by writer: ContextID
  ) {
    let summary = ConnectionSummary(kind, change, id: id, target: port.target, sint: UInt8(port.sint))
    record(.connectionChanged(summary), context: writer, rip: vps[writer.vp.index].processor.rip)
  }

  /// The buffers of a port go with it, and what is in them (TLFS, "Ports").
  private func discardMessages(of id: UInt32, _ kind: ConnectionKind, _ port: SynICPort) {
    guard kind == .message else { return }
    for type in synic(port.target).pointee.discard(from: .port(id), port.sint) {
      record(.synicMessage(sint: UInt8(port.sint), type: type, .dropped), context: port.target)
    }
  }

  /// Raises a source without a message or a flag. False where nothing can be raised.
  private func raiseSource(_ port: SynICPort) -> Bool {
    guard synic(port.target).pointee.isEnabled, let vector = synic(port.target).pointee.vector(of: port.sint) else {
      return false
    }
    raise(vector, in: port.target, source: .synthetic)
    return true
  }
}

extension MachineVPRegisters {
  func status(ofMessageFrom sender: MessageSender, to id: ContextID, sint: Int) -> HypercallStatus {
    guard partition.isSource(sint, of: id) else { return .invalidVPIndex }
    guard partition.synic(id).pointee.takesMessages else { return .invalidSynICState }
    return partition.synic(id).pointee.hasBuffer(for: sender, sint) ? .success : .insufficientBuffers
  }

  func status(ofEventTo id: ContextID, sint: Int) -> HypercallStatus {
    guard partition.isSource(sint, of: id) else { return .invalidVPIndex }
    let takesEvents = partition.synic(id).pointee.takesEvents && !partition.synic(id).pointee.isMasked(sint)
    return takesEvents ? .success : .invalidSynICState
  }

  func isEventFlagSet(_ flag: Int, of id: ContextID, sint: Int) -> Bool {
    partition.eventFlag(flag, of: id, sint: sint)?.isSet ?? false
  }
}
