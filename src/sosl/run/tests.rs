use super::*;

#[test]
fn limits_are_shared_fairly() {
    let check = |most, counts: &[usize], expected: &[usize]| {
        assert_eq!(shares(most, counts), expected, "{most} {counts:?}");
    };
    check(20, &[19, 35], &[10, 10]);
    check(100, &[20, 250], &[20, 80]);
    check(20, &[3, 0, 35], &[3, 0, 17]);
    check(21, &[19, 35], &[11, 10]);
    check(1, &[5, 5], &[1, 0]);
    check(0, &[5, 5], &[0, 0]);
    check(100, &[5, 5], &[5, 5]);
    check(100, &[], &[]);
    check(2000, &[250; 8], &[250; 8]);
}
