//! The limits that an org's `limits` resource lists, and their usual maxima: those of a Developer
//! Edition org. *Limits* in the REST API Developer Guide says what is listed in which versions.

/// A limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// Its usual maximum; `None`: it is listed only when the org's owner sets it.
    pub usual: Option<u64>,
    /// The versions that list it.
    pub versions: (u32, u32),
}

impl Limit {
    /// The limit of a name.
    pub fn named(name: &str) -> Option<&'static Limit> {
        LIMITS.iter().find(|limit| limit.name == name)
    }
}

/// Requests of the APIs in 24 hours.
pub const DAILY_API_REQUESTS: &str = "DailyApiRequests";

const fn listed(name: &'static str, usual: u64) -> Limit {
    Limit { name, usual: Some(usual), versions: (0, u32::MAX) }
}

const fn since(since: u32, limit: Limit) -> Limit {
    Limit { versions: (since, u32::MAX), ..limit }
}

const fn until(until: u32, limit: Limit) -> Limit {
    Limit { versions: (0, until), ..limit }
}

const fn on_request(name: &'static str) -> Limit {
    Limit { usual: None, ..listed(name, 0) }
}

/// All limits, by name.
pub const LIMITS: &[Limit] = &[
    listed("ActiveScratchOrgs", 3),
    listed("AnalyticsExternalDataSizeMB", 40_960),
    listed("ConcurrentAsyncGetReportInstances", 200),
    listed("ConcurrentEinsteinDataInsightsStoryCreation", 5),
    listed("ConcurrentEinsteinDiscoveryStoryCreation", 2),
    listed("ConcurrentSyncReportRuns", 20),
    listed("DailyAnalyticsDataflowJobExecutions", 60),
    listed("DailyAnalyticsUploadedFilesSizeMB", 51_200),
    listed(DAILY_API_REQUESTS, 100_000),
    listed("DailyAsyncApexExecutions", 250_000),
    since(56, listed("DailyAsyncApexTests", 500)),
    since(49, listed("DailyBulkApiBatches", 15_000)),
    until(48, listed("DailyBulkApiRequests", 15_000)),
    since(47, listed("DailyBulkV2QueryFileStorageMB", 976_562)),
    since(47, listed("DailyBulkV2QueryJobs", 10_000)),
    listed("DailyDeliveredPlatformEvents", 10_000),
    listed("DailyDurableGenericStreamingApiEvents", 10_000),
    listed("DailyDurableStreamingApiEvents", 10_000),
    listed("DailyEinsteinDataInsightsStoryCreation", 1_000),
    listed("DailyEinsteinDiscoveryOptimizationJobRuns", 25_000),
    listed("DailyEinsteinDiscoveryPredictAPICalls", 50_000),
    listed("DailyEinsteinDiscoveryPredictionsByCDC", 500_000),
    listed("DailyEinsteinDiscoveryStoryCreation", 100),
    listed("DailyFunctionsApiCallLimit", 235_000),
    listed("DailyGenericStreamingApiEvents", 10_000),
    since(64, on_request("DailyMetadataRetrievesWithDependencies")),
    listed("DailyScratchOrgs", 6),
    listed("DailyStandardVolumePlatformEvents", 10_000),
    listed("DailyStreamingApiEvents", 10_000),
    listed("DailyWorkflowEmails", 1_005),
    listed("DataStorageMB", 5),
    listed("DurableStreamingApiConcurrentClients", 20),
    listed("FileStorageMB", 20),
    listed("HourlyAsyncReportRuns", 1_200),
    listed("HourlyDashboardRefreshes", 200),
    listed("HourlyDashboardResults", 5_000),
    listed("HourlyDashboardStatuses", 999_999_999),
    listed("HourlyLongTermIdMapping", 100_000),
    listed("HourlyManagedContentPublicRequests", 50_000),
    listed("HourlyODataCallout", 1_000),
    listed("HourlyPublishedPlatformEvents", 50_000),
    listed("HourlyPublishedStandardVolumePlatformEvents", 1_000),
    listed("HourlyShortTermIdMapping", 100_000),
    listed("HourlySyncReportRuns", 500),
    listed("HourlyTimeBasedWorkflow", 50),
    listed("MassEmail", 10),
    listed("MonthlyEinsteinDiscoveryStoryCreation", 500),
    until(47, on_request("MonthlyPlatformEvents")),
    since(48, on_request("MonthlyPlatformEventsUsageEntitlement")),
    listed("Package2VersionCreates", 6),
    listed("Package2VersionCreatesWithoutValidation", 500),
    since(41, listed("PermissionSets", 1_500)),
    listed("PlatformEventTriggersWithParallelProcessing", 5),
    listed("PrivateConnectOutboundCalloutHourlyLimitMB", 0),
    listed("PublishCallbackUsageInApex", 0),
    listed("SingleEmail", 15),
    listed("StreamingApiConcurrentClients", 20),
];
