import Architecture
import Diagnosis
import Journal

/// Everything the screen shows and everything the operator has chosen: a value, with no terminal and no
/// clock.
public struct InspectorModel: Sendable {
  // MARK: What is seen

  /// The name of the core, as `vtlscope ls` lists it.
  public var name: String
  public internal(set) var snapshot: Snapshot
  /// The frame before `snapshot`.
  public internal(set) var previous: Snapshot?
  public internal(set) var rates = Rates()
  public internal(set) var events: EventBuffer
  /// What the events say, by what they are about.
  public private(set) var index: EventIndex
  public internal(set) var liveness: Liveness = .beating
  public var symbols: SymbolTable
  /// What looking costs; nil until it is known.
  public var cost: OwnCost?
  /// What diagnosis found in `snapshot`, the worst first.
  public internal(set) var findings: [Finding] = []
  /// How old something must be to be one.
  public private(set) var thresholds = Thresholds()
  /// Findings that are hidden as long as they stay as they were.
  var acknowledged: [Finding.Identity: FindingStamp] = [:]
  /// Looks taken since the last diagnosis.
  private var undiagnosed = 0

  // MARK: What may be done

  /// Actions are refused, and their dialogs are previews.
  public var isReadOnly: Bool

  /// Sentences may name the key that goes on from there; where lines are typed there are no keys.
  public var namesKeys = true

  // MARK: What the operator has chosen

  public internal(set) var view: ViewID = .over { didSet { if view != oldValue { arrangeShown() } } }
  /// The views to go back to.
  public internal(set) var viewStack: [ViewID] = []
  public var selection = Selection()
  public internal(set) var dialog: (any Dialog)?
  /// The line that is being typed.
  public internal(set) var prompt: Prompt?
  /// The lines that were typed; the terminal's side keeps them in a file.
  public var history = PromptHistory()
  public internal(set) var keyMap = KeyMap.standard
  /// What the last key that was no mere move asked for; the status line spells it.
  public internal(set) var lastCommand: KeyCommand?
  public internal(set) var isHelpOpen = false
  /// The first row of the help that is shown, where it is longer than the screen.
  var helpRow = 0
  /// The line of the help that a search has found.
  var helpHit: Int?
  /// The picture stands still; the machine does not.
  public internal(set) var isFrozen = false
  public var timeMode: TimeMode = .absolute
  public var theme: Theme = .auto
  /// What the terminal can show.
  public var glyphs: Glyphs = .unicode
  /// ASCII whatever the terminal can show.
  public var wantsASCII = false
  /// The terminal's mouse is ours.
  public internal(set) var usesMouse = false
  /// Lines of `fire` that were kept.
  public internal(set) var presets: [String] = []
  /// The keys that the operator has changed.
  var reboundKeys: [String: [Key]] = [:]
  /// Looks per second, in tenths.
  public internal(set) var refreshDecihertz = 100
  /// A sentence about the last key or command; shown in place of the view's until the next key.
  public var message: Line?
  /// The size of the last frame: how far a page is.
  public var size = Size(80, 24)
  /// The event at the top of the list while it does not follow, so that the rows stand still.
  var eventsTop: UInt64?
  var lapicShowsWords = false
  var lapicShowsHistogram = false
  var timersShowHistogram = true
  /// Timers: Tab has gone to the history.
  var entersExpiries = false
  var sched = SchedChoice()
  /// Routes: the destination in both forms, nil for "when there is room".
  var showsDecoding: Bool?
  /// Memory: only the runs that have stopped an access.
  var showsOnlyDenied = false
  /// Groups: the table of receivers, nil for "when there is room".
  var showsReceivers: Bool?
  /// Groups: how the last proof came out, and for which frame.
  var crossCheck: CrossCheck?

  /// Events that are later than `snapshot`.
  private var early: [Event] = []

  /// What the operator had done last, until a key that does not look at it.
  var done: Deed?
  /// The events of the list while it is held: what is looked at stays however fast the log runs over.
  var held: EventBuffer? { didSet { sift(anew: true) } }
  /// Which of the listed events are shown, where a filter says so.
  var sieve: EventSieve?

  /// What has been asked of the run state since the last frame.
  var runRequests = RunRequests()

  /// What a change is told from.
  var marks: Marks

  // MARK: Lists

  var lists: [ViewID: ListState] = [:]
  var overLayout = OverLayout.table
  /// The journey that stays in the preview of the events.
  var pinned: JourneyID?
  /// Rows that were tagged, in any list.
  public internal(set) var tags: Set<RowID> = []
  /// What was searched last; empty when nothing is.
  public internal(set) var searched = ""
  /// The host's time of the last look, and of the last look before which a key had been struck; milliseconds.
  var hostMilliseconds: UInt64 = 0
  var lastKeyMilliseconds: UInt64 = 0
  /// A key has been struck since the last look.
  var isKeyFresh = false
  /// The events of the journeys that are looked at, for the same reason.
  var watched: [JourneyID: [Event]] = [:]

  // MARK: What arrived while frozen

  var heldSnapshot: Snapshot?
  var heldEvents: EventBuffer

  public init(
    name: String, snapshot: Snapshot, isReadOnly: Bool = true, symbols: SymbolTable = SymbolTable(),
    eventCapacity: Int = EventBuffer.standardCapacity
  ) {
    self.name = name
    self.snapshot = snapshot
    self.isReadOnly = isReadOnly
    self.symbols = symbols
    marks = Marks(snapshot)
    events = EventBuffer(capacity: eventCapacity)
    index = EventIndex(snapshot.machine)
    heldEvents = EventBuffer(capacity: eventCapacity)
    selection = Selection(
      context: snapshot.contexts.first?.id ?? ContextID(0, 0), group: snapshot.groups.first?.id ?? GroupID(0))
    rates.note(snapshot)
    rediagnose()
  }

  /// How long the runner may sleep until it looks again.
  public var refreshMilliseconds: Int { 10_000 / max(1, refreshDecihertz) }

  // MARK: - Learning

  /// Takes in one look at the core. While frozen it is kept aside, not lost.
  public mutating func apply(_ update: Update) {
    liveness = update.liveness
    noteTime(update.hostMilliseconds)
    guard !isFrozen else {
      heldSnapshot = update.snapshot ?? heldSnapshot
      heldEvents.append(update.events, missed: update.missed)
      return
    }
    if let next = update.snapshot { take(next) }
    append(update.events, missed: update.missed)
    diagnoseIfDue()
    arrangeIfStill()
    refreshDialog()
  }

  /// Events later than the frame wait for the next one, so that everything on the screen is of one moment.
  ///
  /// A core that does not answer will not send it: then they are all there is to know.
  private mutating func append(_ new: [Event], missed: UInt64) {
    let all = early + new
    let isComplete = liveness != .beating || snapshot.machine.runState == .stopped
    let end = isComplete ? all.count : all.firstIndex { $0.sequence >= snapshot.machine.nextEvent } ?? all.count
    events.append(all[..<end], missed: missed)
    index.note(all[..<end])
    index.forget(before: events.first)
    index.reconcile(snapshot)
    if held == nil, sieve != nil { sift(anew: false) }
    watch(all[..<end])
    noteCommands(all[..<end])
    runRequests.note(all[..<end], missed: missed, shown: snapshot.machine.runState)
    early = Array(all[end...].suffix(events.capacity))
  }

  private mutating func take(_ next: Snapshot) {
    previous = snapshot
    marks.note(next, after: snapshot)
    snapshot = next
    rates.note(next)
  }

  /// While the machine runs, every fifth look is enough: a finding is about milliseconds, and it reads every
  /// event.
  private mutating func diagnoseIfDue() {
    undiagnosed += 1
    if snapshot.machine.runState != .running || undiagnosed >= 5 {
      rediagnose()
    }
  }

  /// Looks for what is stuck now: while a machine runs, `apply` does so at every fifth look only.
  public mutating func rediagnose() {
    undiagnosed = 0
    findings = diagnose(snapshot, events, symbols: symbols, thresholds: thresholds)
    // What is gone and comes back is new.
    acknowledged = acknowledged.filter { entry in findings.contains { $0.identity == entry.key } }
  }

  mutating func setThresholds(_ new: Thresholds) {
    thresholds = new
    rediagnose()
  }

  /// Says what became of the operator's commands, and keeps what they did within reach of `J` and `6`.
  private mutating func noteCommands(_ new: ArraySlice<Event>) {
    for (place, event) in zip(new.indices, new) {
      guard case .command(let kind, let refusal) = event.body else { continue }
      if let refusal {
        message = Line("refused: \(kind.text): \(refusal.text)", .wrong)
        continue
      }
      // What the command made is the next event.
      guard let made = new[place...].dropFirst().first else { continue }
      switch (kind, made.body) {
      case (.fire, .requested):
        done = Deed(made, in: events)
        watch(made.journey)
        message = Line("sent as #\(made.journey.rawValue)" + keyHint("J follows it"))
      case (.switchVTL, .vtlSwitched(let from, let to, .operator, _)):
        done = Deed(made, in: events)
        let vp = made.context.map { "VP \($0.vp.rawValue) " } ?? ""
        message = Line(
          "switched: \(vp)VTL\(from.rawValue) -> VTL\(to.rawValue) by the operator" + keyHint("6 shows it"))
      case (.reset, .initialized):
        done = Deed(made, in: events)
        let id = made.context.map { "\($0): " } ?? ""
        message = Line("reset: \(id)as at power-on" + keyHint("6 shows it"))
      default: continue
      }
    }
  }

  private func keyHint(_ text: String) -> String { namesKeys ? "; " + text : "" }

  mutating func setFrozen(_ frozen: Bool) {
    guard frozen != isFrozen else { return }
    isFrozen = frozen
    guard !frozen else { return }
    if let held = heldSnapshot { take(held) }
    heldSnapshot = nil
    append(Array(heldEvents), missed: heldEvents.missed)
    heldEvents = EventBuffer(capacity: events.capacity)
    rediagnose()
    refreshDialog()
  }

  private mutating func refreshDialog() {
    guard var open = dialog else { return }
    open.refresh(self)
    dialog = open
  }

  // MARK: - Asking

  /// The contexts that exist: those whose VTL is enabled on their VP, in VP order, then VTL.
  public var contexts: [ContextID] { snapshot.contexts.filter(\.isEnabled).map(\.id) }

  public var selectedContext: ContextSnapshot? { snapshot[selection.context] }

  public func group(_ id: GroupID) -> GroupSnapshot? { snapshot.groups.first { $0.id == id } }

  /// The worst finding about a context.
  public func finding(_ id: ContextID) -> Finding? { findings.first { $0.isAbout(id) } }

  /// What a context without a finding of its own waits for, and the finding at the end of that.
  public func wait(of id: ContextID) -> (link: Link, finding: Finding)? {
    guard finding(id) == nil else { return nil }
    for finding in findings { if let link = finding.link(of: id) { return (link, finding) } }
    return nil
  }

  /// `name+1c` with the guest's text made safe, or nil.
  public func symbol(_ address: UInt64) -> String? { symbols.describe(address).map(TextForm.escaped) }

  /// The symbol when known, else the address.
  public func code(_ address: UInt64) -> String { symbol(address) ?? TextForm.hex(address) }

  /// How long before the moment of the snapshot.
  public func ago(_ time: VirtualTime) -> VirtualTime { snapshot.machine.time - time }

  /// The machine can still do something, and something is there to do it.
  public var isAlive: Bool {
    switch liveness {
    case .beating, .wedged, .suspended: snapshot.machine.runState != .stopped
    case .dead, .exited, .archived: false
    }
  }
}
