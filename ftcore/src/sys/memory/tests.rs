use super::*;

const CAPACITY: u64 = 2 * REGION as u64;

fn sides() -> (SharedLog, SharedLog, SharedLog) {
    let file = create(CAPACITY, 7).unwrap();
    let map = |side| SharedLog::map(file.try_clone().unwrap(), side).unwrap();
    (map(Side::Keeper), map(Side::Primary), map(Side::Twin))
}

#[test]
fn what_goes_over_the_rings_end_lies_in_one_piece() {
    let (_, mut primary, twin) = sides();
    let octets: Vec<u8> = (0..200).collect();
    for position in [CAPACITY - 100, 5 * CAPACITY - 1, 3 * CAPACITY] {
        primary.octets_mut(position, 200).copy_from_slice(&octets);
        assert_eq!(primary.octets(position + 50, 150), &octets[50..]);
        let mut copy = vec![1];
        twin.read(position, 200, &mut copy);
        assert_eq!(copy[1..], octets);
    }
    assert_eq!(primary.octets(CAPACITY - 1, CAPACITY as usize).len(), CAPACITY as usize);
}

#[test]
fn each_word_has_its_own_place_and_is_seen_by_all() {
    let (mut keeper, mut primary, mut twin) = sides();
    let words = [
        Word::Published,
        Word::Begun,
        Word::Applied,
        Word::Tick,
        Word::Deadline,
        Word::Working,
        Word::IntentSequence,
        Word::IntentSocket,
        Word::IntentOffset,
        Word::IntentPlace,
        Word::IntentLength,
        Word::Tail,
        Word::Epoch,
        Word::Released,
        Word::Attempted,
        Word::TwinSleeps,
        Word::TwinApplied,
        Word::TwinEntry,
        Word::TwinTime,
        Word::TwinDigestEntry,
        Word::TwinDigest,
        Word::TwinTick,
        Word::TwinState,
        Word::Checkpoint,
        Word::KeeperTick,
    ];
    for (value, word) in (1..).zip(words) {
        match place(word).0 {
            Side::Primary => primary.store(word, value),
            Side::Twin => twin.store(word, value),
            Side::Keeper | Side::Alone => keeper.store(word, value),
        }
    }
    for (value, word) in (1..).zip(words) {
        assert_eq!([keeper.load(word), primary.load(word), twin.load(word)], [value; 3], "{word:?}");
    }
}

#[test]
fn a_promoted_twin_writes_the_log_and_for_a_keeper_that_does_nothing() {
    let (_, primary, mut twin) = sides();
    twin.store(Word::TwinTick, 3);
    twin.promote().unwrap();
    twin.store(Word::Published, 9);
    twin.octets_mut(0, 1)[0] = 4;
    assert_eq!((primary.load(Word::Published), primary.octets(0, 1)), (9, &[4][..]));
    twin.store(Word::Checkpoint, 4);
    assert_eq!(primary.load(Word::Checkpoint), 4);
}

#[test]
fn a_twin_that_writes_the_log_is_stopped_before_the_kernel_does_it() {
    let (_, _, mut twin) = sides();
    assert!(std::panic::catch_unwind(move || twin.store(Word::Published, 4)).is_err());
}

#[test]
fn the_size_is_sealed() {
    let (keeper, ..) = sides();
    assert!(rustix::fs::ftruncate(keeper.file(), 0).is_err());
    assert!(rustix::fs::ftruncate(keeper.file(), 1 << 30).is_err());
}

#[test]
fn what_is_no_log_is_refused() {
    let file = create(CAPACITY, 7).unwrap();
    let refused = |place: u64, octets: &[u8]| {
        let mut before = vec![0; octets.len()];
        rustix::io::pread(&file, &mut before, place).unwrap();
        rustix::io::pwrite(&file, octets, place).unwrap();
        let answer = SharedLog::map(file.try_clone().unwrap(), Side::Twin);
        rustix::io::pwrite(&file, &before, place).unwrap();
        matches!(answer, Err(MapError::Foreign(_)))
    };
    assert!(refused(0, b"x"));
    assert!(refused(8, &[2]));
    for capacity in [0, 1, CAPACITY - 1, CAPACITY + REGION as u64, u64::MAX, 1 << 63] {
        assert!(refused(16, &capacity.to_le_bytes()), "{capacity}");
    }
    assert!(SharedLog::map(file, Side::Twin).is_ok_and(|log| log.seed() == 7));
    assert!(SharedLog::map(rustix::fs::memfd_create("x", MemfdFlags::CLOEXEC).unwrap(), Side::Twin).is_err());
}

#[test]
fn a_file_keeps_the_log_and_a_full_disk_is_an_error() {
    let path = std::env::temp_dir().join(format!("ftcore-log-{}", std::process::id()));
    let file = create_file(&path, CAPACITY, 8).unwrap();
    let mut primary = SharedLog::map(file, Side::Primary).unwrap();
    primary.octets_mut(0, 3).copy_from_slice(b"abc");
    primary.store(Word::Published, 3);
    drop(primary);
    let again = SharedLog::map(open_file(&path).unwrap(), Side::Twin).unwrap();
    let mut copy = Vec::new();
    again.read(0, 3, &mut copy);
    assert_eq!((again.load(Word::Published), again.seed(), &copy[..]), (3, 8, &b"abc"[..]));
    assert_eq!(create_file(&path, CAPACITY, 8).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    std::fs::remove_file(&path).unwrap();
    let too_much = create_file(&path, 1 << 40, 8).unwrap_err();
    assert!(
        matches!(too_much.kind(), io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge),
        "{too_much}"
    );
    assert!(!path.exists());
}

#[test]
fn a_sleeping_twin_is_woken_and_no_other() {
    let (_, mut primary, mut twin) = sides();
    let bell = Bell::new().unwrap();
    primary.store(Word::Published, 8);
    assert!(!primary.wake(&bell) && !bell.hear());
    twin.about_to_sleep();
    assert!(primary.wake(&bell) && bell.hear());
    twin.store(Word::TwinSleeps, 0);
    assert!(!primary.wake(&bell));
}
