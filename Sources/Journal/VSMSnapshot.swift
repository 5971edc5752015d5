import Architecture

/// One synthetic interrupt source (SINT) and what waits for it.
public struct SINTSnapshot: Hashable, Sendable {
  /// Vector 7:0, masked 16, auto-EOI 17, polling 18.
  public var register: UInt64
  /// The type of the message in its slot; 0: empty, or no message page.
  public var messageType: UInt32
  /// The slot's MessagePending: the guest owes an EOM.
  public var isMessagePending: Bool
  /// Messages behind the one in the slot.
  public var queued: UInt32
  /// Event flags that are set.
  public var eventFlags: UInt32
  /// Messages put into the slot, and those that found nowhere to go, since power-on.
  public var delivered: UInt64
  public var dropped: UInt64

  public init(register: UInt64 = 0x10000) {
    self.register = register
    messageType = 0
    isMessagePending = false
    queued = 0
    eventFlags = 0
    delivered = 0
    dropped = 0
  }
}

/// The synthetic interrupt controller of one context (TLFS, "Synthetic Interrupt Controller").
public struct SynICSnapshot: Hashable, Sendable {
  /// The SCONTROL, SIMP and SIEFP MSRs.
  public var control: UInt64 = 0
  public var messagePage: UInt64 = 0
  public var eventPage: UInt64 = 0
  /// 16 of them.
  public var sources = [SINTSnapshot](repeating: SINTSnapshot(), count: 16)
  public init() {}
}

/// One synthetic timer (TLFS, "Synthetic Timers").
public struct SyntheticTimerSnapshot: Hashable, Sendable {
  /// STIMERn_CONFIG: enabled 0, periodic 1, lazy 2, auto-enable 3, vector 11:4, direct 12, SINT 19:16.
  public var config: UInt64 = 0
  /// STIMERn_COUNT, in 100 ns: the time of a one-shot, the period of a periodic one.
  public var count: UInt64 = 0
  /// When it expires next.
  public var due: VirtualTime? = nil
  public var lastExpiry: VirtualTime? = nil
  public var expired: UInt64 = 0
  /// Periods that passed without a message of their own.
  public var skipped: UInt64 = 0
  /// Its message waits for the slot.
  public var isWaiting = false
  public init() {}
}

/// What virtual secure mode holds of one context, beyond VINA and the assist page.
public struct VSMSnapshot: Hashable, Sendable {
  /// VsmPartitionConfig of this context's VTL; 0 for VTL0.
  public var partitionConfig: UInt64 = 0
  /// VsmVpSecureConfigVtl0 and 1 as this context has set them.
  public var secureConfig: [UInt64] = [0, 0]
  /// CrInterceptControl, Cr0Mask, Cr4Mask, Ia32MiscEnableMask: what it wants to hear of the VTLs below.
  public var interceptControl: UInt64 = 0
  public var cr0Mask: UInt64 = 0
  public var cr4Mask: UInt64 = 0
  public var miscEnableMask: UInt64 = 0
  /// PendingEvent0, low half: what a higher VTL has for it to take when it runs next. Bit 0: pending.
  public var pendingEvent: UInt64 = 0
  /// Its hypercall waits until another VP's VTL lets go of a TLB lock.
  public var isWaitingForTLB = false
  /// The REFERENCE_TSC MSR.
  public var referenceTSC: UInt64 = 0
  public init() {}
}

/// Consecutive pages of which a VTL may not do everything.
public struct ProtectionRun: Hashable, Sendable {
  /// Whose accesses are meant.
  public var vtl: VTL
  /// Guest page numbers `firstPage ..< firstPage + count`.
  public var firstPage: UInt64
  public var count: UInt64
  /// What it may do: read 0, write 1, kernel execute 2, user execute 3.
  public var access: UInt8

  public init(vtl: VTL, firstPage: UInt64, count: UInt64, access: UInt8) {
    self.vtl = vtl
    self.firstPage = firstPage
    self.count = count
    self.access = access
  }
}

/// An overlay page that is mapped.
public struct OverlaySnapshot: Hashable, Sendable {
  public var kind: OverlayKind
  /// Whose it is. Hypercall and reference TSC pages belong to a VTL of the partition: their VP is 0.
  public var context: ContextID
  public var page: UInt64
  public var isWritable: Bool

  public init(kind: OverlayKind, context: ContextID, page: UInt64, isWritable: Bool) {
    self.kind = kind
    self.context = context
    self.page = page
    self.isWritable = isWritable
  }
}

/// What the VTLs may do with guest memory.
public struct MemorySnapshot: Hashable, Sendable {
  /// By VTL, then by page. Pages of no run are free.
  public var protections: [ProtectionRun] = []
  /// Runs that found no room.
  public var droppedProtections: UInt64 = 0
  public var overlays: [OverlaySnapshot] = []
  public var droppedOverlays: UInt64 = 0
  /// I/O ports whose use by a lower VTL is intercepted.
  public var interceptedPorts: UInt32 = 0
  /// Intercepts raised, and how often one had to wait for its message slot, since power-on.
  public var intercepts: UInt64 = 0
  public var interceptWaits: UInt64 = 0
  public init() {}
}
