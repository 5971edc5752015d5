/// Numbers of the MSRs that are plain CPU state (SDM Vol. 4, 2.1).
public enum ProcessorMSR {
  public static var timeStampCounter: UInt32 { 0x10 }
  public static var sysenterCS: UInt32 { 0x174 }
  public static var sysenterESP: UInt32 { 0x175 }
  public static var sysenterEIP: UInt32 { 0x176 }
  public static var pat: UInt32 { 0x277 }
  public static var efer: UInt32 { 0xC000_0080 }
  public static var star: UInt32 { 0xC000_0081 }
  public static var lstar: UInt32 { 0xC000_0082 }
  public static var cstar: UInt32 { 0xC000_0083 }
  public static var sfmask: UInt32 { 0xC000_0084 }
  public static var fsBase: UInt32 { 0xC000_0100 }
  public static var gsBase: UInt32 { 0xC000_0101 }
  public static var kernelGSBase: UInt32 { 0xC000_0102 }
  public static var tscAux: UInt32 { 0xC000_0103 }
  /// What IA32_PAT holds after reset (SDM Vol. 3A, 11.12.4).
  public static var patAtReset: UInt64 { 0x0007_0406_0007_0406 }
}
