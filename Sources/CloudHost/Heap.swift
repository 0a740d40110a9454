/// What the process keeps of memory that it does not use.
public enum Heap {
    /// Has freed memory go back to the system. By itself glibc raises its bounds to the largest block that was ever freed,
    /// and then keeps as much: the 16 MiB that one password takes, and the copies of long answers.
    public static func giveBack() {
        let (trimThreshold, mmapThreshold, arenaMax): (Int32, Int32, Int32) = (-1, -3, -8)
        for (parameter, value): (Int32, Int32) in [
            (trimThreshold, 128 << 10), (mmapThreshold, 128 << 10), (arenaMax, 2),
        ] {
            _ = CLibrary.mallopt(parameter, value)
        }
    }
}
