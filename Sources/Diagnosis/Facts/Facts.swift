import Architecture
import Journal

/// What of the events the rules ask for, gathered in one pass over up to 65,536 of them.
///
/// What is kept of a context stands in an array by its place in the snapshot, so that most events cost no hashing.
struct Facts {
  let layout: Layout
  var requests: RequestFacts
  var startups: [StartupFacts]
  var vtls: VTLFacts
  var devices = DeviceFacts()
  /// The last time the guest turned the local APIC off, in SVR and in IA32_APIC_BASE.
  var softwareOff: [Moment?]
  var hardwareOff: [Moment?]
  /// The first expiry of the timer while masked since the context has been doing what it does.
  var maskedExpiry: [VirtualTime?]
  private let since: [VirtualTime]

  struct Moment: Hashable {
    var time: VirtualTime
    var rip: UInt64
  }

  init(_ snapshot: Snapshot) {
    let count = snapshot.contexts.count
    layout = Layout(vtls: Int(snapshot.machine.vtlCount), count: count)
    requests = RequestFacts(snapshot, layout)
    startups = Array(repeating: StartupFacts(), count: count)
    vtls = VTLFacts(snapshot)
    softwareOff = Array(repeating: nil, count: count)
    hardwareOff = Array(repeating: nil, count: count)
    maskedExpiry = Array(repeating: nil, count: count)
    since = snapshot.contexts.map(\.since)
  }

  mutating func note(_ event: Event) {
    switch event.body {
    case .requested(let source, let message, let route): requests.note(event, source, message, route)
    case .accepted(let vector, let mode, let acceptance): noteAccepted(event, vector, mode, acceptance)
    case .acknowledged(let vector, _):
      if let id = event.context, id.vtl > .vtl0 { vtls.noteAcknowledged(id, vector) }
    case .endOfInterrupt(let vector, _): devices.ends[vector.index] = event.time
    case .vtlSwitched(let from, let to, let reason, let vector): vtls.note(event, from, to, reason, vector)
    case .flushWaits: vtls.noteFlush(event)
    case .intercepted(let summary): vtls.noteIntercept(event, isWaiting: summary.isWaiting)
    case .hypercall(let call):
      if let place = place(event) { vtls.noteHypercall(place, call.code, call.status, event) }
    case .started, .initialized:
      if let place = place(event) { startups[place].noteProcessed(event) }
    case .softwareEnable(false):
      if let place = place(event) { softwareOff[place] = Moment(time: event.time, rip: event.rip) }
    case .apicBaseChanged(let from, let to) where from.bit(11) && !to.bit(11):
      if let place = place(event) { hardwareOff[place] = Moment(time: event.time, rip: event.rip) }
    case .timerExpired(_, _, true):
      guard let place = place(event), event.time >= since[place], maskedExpiry[place] == nil else { return }
      maskedExpiry[place] = event.time
    case .pin(let pin, _, .sent, _): requests.origin = (event.journey, .pin(UInt32(pin)))
    case .messageSent(let route, _, let fault):
      if fault == nil { requests.origin = (event.journey, .route(route)) }
      devices.noteMessage(route, fault, event)
    case .routeWritten(let pin, let from, let to): devices.noteWrite(pin, from, to, event)
    default: return
    }
  }

  @inline(__always) private func place(_ event: Event) -> Int? { event.context.flatMap(layout.place) }

  private mutating func noteAccepted(
    _ event: Event, _ vector: VectorNumber, _ mode: DeliveryMode, _ acceptance: Acceptance
  ) {
    guard let id = event.context else { return }
    requests.noteAccepted(event, at: id, acceptance)
    guard mode == .initialize || mode == .startup, let place = layout.place(id) else { return }
    startups[place].note(event, vector, mode, acceptance, from: requests.sender(of: event.journey))
  }
}

/// Where a context stands in the snapshot: contexts are dense and ordered.
struct Layout: Hashable {
  var vtls: Int
  var count: Int

  @inline(__always) func place(_ id: ContextID) -> Int? {
    let place = id.vp.index &* vtls &+ id.vtl.index
    return id.vtl.index < vtls && place < count ? place : nil
  }
}
