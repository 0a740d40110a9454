/// A boot sector that only a processor which really works can finish, and QEMU's command line to run it.
///
/// It goes from real mode through page tables to 64-bit mode, raises one exception (`ud2`), returns from its
/// handler, and writes 42 to QEMU's debug-exit port, which ends QEMU with code 2 * 42 + 1.
enum KernelProbe {
    static let expectedCode = 85

    static let sector: [UInt8] = {
        var bytes = realMode + longMode
        bytes += [UInt8](repeating: 0, count: 0x78 - bytes.count)
        bytes += tables
        bytes += [UInt8](repeating: 0, count: 510 - bytes.count)
        return bytes + [0x55, 0xaa]
    }()

    /// Loaded at 0x7c00. Page tables go to 0x1000-0x3fff and map the first 2 MiB onto themselves.
    private static let realMode: [UInt8] = [
        0xfa,  // cli
        0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0,  // ax = ds = es = ss = 0
        0xbc, 0x00, 0x7c,  // sp = 0x7c00
        0xfc, 0xbf, 0x00, 0x10, 0xb9, 0x00, 0x18, 0xf3, 0xab,  // clear 0x1800 words at 0x1000
        0xc7, 0x06, 0x00, 0x10, 0x03, 0x20,  // level 4, entry 0: 0x2000, present, writable
        0xc7, 0x06, 0x00, 0x20, 0x03, 0x30,  // level 3, entry 0: 0x3000
        0xc7, 0x06, 0x00, 0x30, 0x83, 0x00,  // level 2, entry 0: a page of 2 MiB at 0
        0x0f, 0x01, 0x16, 0x88, 0x7c,  // lgdt [0x7c88]
        0x66, 0xb8, 0x20, 0x00, 0x00, 0x00, 0x0f, 0x22, 0xe0,  // cr4 = PAE
        0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8,  // cr3 = 0x1000
        0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32,  // rdmsr EFER
        0x80, 0xcc, 0x01, 0x0f, 0x30,  // set LME, wrmsr
        0x66, 0xb8, 0x11, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0,  // cr0 = paging, protected mode
        0xea, 0x59, 0x7c, 0x08, 0x00,  // ljmp 8:0x7c59
    ]

    /// Begins at 0x7c59.
    private static let longMode: [UInt8] = [
        0x0f, 0x01, 0x1c, 0x25, 0x9e, 0x7c, 0x00, 0x00,  // lidt [0x7c9e]
        0x0f, 0x0b,  // ud2
        0xb0, 0x2a, 0xe6, 0xf4,  // out 0xf4, 42
        0xf4, 0xeb, 0xfd,  // hlt, for ever
        0x48, 0x83, 0x04, 0x24, 0x02, 0x48, 0xcf,  // 0x7c6a, the handler: step over the ud2, iretq
    ]

    /// Begins at 0x7c78: the segments, their pointer, the gate of vector 6, and the interrupt table's pointer.
    private static let tables: [UInt8] = [
        0, 0, 0, 0, 0, 0, 0, 0,  // no segment
        0, 0, 0, 0, 0, 0x9a, 0x20, 0,  // selector 8: code, 64 bits
        0x0f, 0, 0x78, 0x7c, 0, 0,  // 0x7c88: 16 bytes at 0x7c78
        0x6a, 0x7c, 8, 0, 0, 0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // 0x7c8e: to 8:0x7c6a
        0x6f, 0, 0x2e, 0x7c, 0, 0, 0, 0, 0, 0,  // 0x7c9e: 7 gates, so placed that the one above is the seventh
    ]

    /// Runs the sector in `disk` under an accelerator, without anything that it does not need.
    static func command(_ accelerator: String, cpu: String, disk: String) -> [String] {
        [
            "qemu-system-x86_64", "-machine", "pc,accel=\(accelerator)", "-cpu", cpu, "-m", "16", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-sandbox", "on", "-blockdev",
            #"{"driver":"raw","node-name":"disk","file":{"driver":"file","filename":"\#(disk)"}}"#,
            "-device", "ide-hd,drive=disk", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        ]
    }
}
