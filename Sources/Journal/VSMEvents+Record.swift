import Architecture

/// How the events of virtual secure mode stand in a record; `vtlscope.h` has the same as a table.
extension EventRecord {
  mutating func packVSM(_ body: Event.Body) {
    switch body {
    case .hypercall(let call): pack(call)
    case .intercepted(let intercept):
      set(.intercepted, intercept.kind.rawValue | intercept.access.rawValue &<< 4)
      highDetail = intercept.vtl.rawValue | (intercept.isWaiting ? 0x80 : 0)
      a = intercept.number
      b = intercept.value
    case .synicMessage(let sint, let type, let outcome):
      set(.synicMessage, sint, outcome.rawValue)
      a = UInt64(type)
    case .synicEvent(let sint, let flag, let isNew):
      set(.synicEvent, sint, isNew ? 1 : 0)
      a = UInt64(flag)
    case .syntheticTimerExpired(let index, let due, let isDirect, let target):
      set(.syntheticTimerExpired, index, isDirect ? 1 : 0)
      a = due.rawValue
      b = UInt64(target)
    case .protectionChanged(let vtl, let firstPage, let count, let access):
      set(.protectionChanged, vtl.rawValue, access)
      a = firstPage
      b = count
    case .overlayChanged(let kind, let vtl, let page, let isMapped):
      set(.overlayChanged, kind.rawValue, vtl.rawValue)
      a = page
      b = isMapped ? 1 : 0
    case .tlbLockChanged(let vtl, let isLocked): set(.tlbLockChanged, vtl.rawValue, isLocked ? 1 : 0)
    case .flushWaits(let holder):
      set(.flushWaits)
      a = holder.packed
    case .eventInjected(let vtl, let vector, let errorCode):
      set(.eventInjected, vtl.rawValue, vector)
      a = errorCode.map { UInt64($0) | 1 &<< 32 } ?? 0
    case .connectionChanged(let connection):
      set(.connectionChanged, connection.kind.rawValue | connection.change.rawValue &<< 4, connection.sint)
      a = UInt64(connection.id)
      b = connection.target.packed
    case .guestCrashed(let flags, let p0, let p1, let p2):
      set(.guestCrashed, flags)
      (a, b, c) = (p0, p1, p2)
    case .guestCrashDetail(let hasMessage, let p3, let p4):
      set(.guestCrashDetail, hasMessage ? 1 : 0)
      (a, b) = (p3, p4)
    default: preconditionFailure("not an event of virtual secure mode")
    }
  }

  private mutating func pack(_ call: HypercallSummary) {
    set(.hypercall)
    detail = call.code
    a = UInt64(call.status) | UInt64(call.repsCompleted & 0xFFF) &<< 16 | UInt64(call.repCount & 0xFFF) &<< 28
    if call.isFast { a |= 1 &<< 40 }
    if let target = call.target {
      a |= 1 &<< 41 | UInt64(target.vtl.rawValue & 0xF) &<< 44 | UInt64(target.vp.rawValue & 0xFFFF) &<< 48
    }
    b = call.argument
    c = call.value
  }
}

extension Event.Body {
  /// Unpacks an event of virtual secure mode; nil for values that this version does not know.
  static func vsm(_ kind: EventKind, _ record: EventRecord) -> Self? {
    let (low, high) = (record.lowDetail, record.highDetail)
    switch kind {
    case .hypercall: return .hypercall(HypercallSummary(record))
    case .intercepted:
      guard let what = InterceptKind(rawValue: low & 0xF), let access = InterceptAccess(rawValue: low &>> 4) else {
        return nil
      }
      return .intercepted(
        InterceptSummary(
          what, access, to: VTL(rawValue: high & 0xF), isWaiting: high & 0x80 != 0, number: record.a, value: record.b))
    case .synicMessage:
      guard let outcome = MessageOutcome(rawValue: high) else { return nil }
      return .synicMessage(sint: low, type: UInt32(truncatingIfNeeded: record.a), outcome)
    case .synicEvent:
      return .synicEvent(sint: low, flag: UInt16(truncatingIfNeeded: record.a), isNew: high != 0)
    case .syntheticTimerExpired:
      return .syntheticTimerExpired(
        index: low, due: VirtualTime(rawValue: record.a), isDirect: high != 0, target: record.b.byte)
    case .protectionChanged:
      return .protectionChanged(VTL(rawValue: low), firstPage: record.a, count: record.b, access: high)
    case .overlayChanged:
      guard let what = OverlayKind(rawValue: low) else { return nil }
      return .overlayChanged(what, VTL(rawValue: high), page: record.a, isMapped: record.b != 0)
    case .tlbLockChanged: return .tlbLockChanged(VTL(rawValue: low), isLocked: high != 0)
    case .flushWaits: return .flushWaits(ContextID(packed: record.a))
    case .eventInjected:
      let code = record.a.bit(32) ? UInt32(truncatingIfNeeded: record.a) : nil
      return .eventInjected(VTL(rawValue: low), vector: high, errorCode: code)
    case .connectionChanged:
      guard let what = ConnectionKind(rawValue: low & 0xF), let change = ConnectionChange(rawValue: low &>> 4) else {
        return nil
      }
      return .connectionChanged(
        ConnectionSummary(
          what, change, id: UInt32(truncatingIfNeeded: record.a), target: ContextID(packed: record.b), sint: high))
    case .guestCrashed: return .guestCrashed(flags: low, record.a, record.b, record.c)
    case .guestCrashDetail: return .guestCrashDetail(hasMessage: low != 0, record.a, record.b)
    default: return nil
    }
  }
}

extension HypercallSummary {
  fileprivate init(_ record: EventRecord) {
    let vp = VPIndex(rawValue: UInt32(record.a.field(48, 16)))
    self.init(
      code: record.detail, status: UInt16(truncatingIfNeeded: record.a),
      repsCompleted: UInt16(record.a.field(16, 12)), repCount: UInt16(record.a.field(28, 12)),
      isFast: record.a.bit(40),
      target: record.a.bit(41) ? ContextID(vp: vp, vtl: VTL(rawValue: UInt8(record.a.field(44, 4)))) : nil,
      argument: record.b, value: record.c)
  }
}

extension ContextID {
  /// VP 31:0, VTL 39:32.
  fileprivate var packed: UInt64 { UInt64(vp.rawValue) | UInt64(vtl.rawValue) &<< 32 }
  fileprivate init(packed: UInt64) {
    self.init(vp: VPIndex(rawValue: UInt32(truncatingIfNeeded: packed)), vtl: VTL(rawValue: packed.byte(4)))
  }
}
